// What the browser keeps of a learner's work from one visit to the next, if it may keep anything.

const KEY = (name) => `playground: ${name}`;

export function kept(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(KEY(name))) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(KEY(name), JSON.stringify(value));
  } catch {
    // full, or forbidden: then it lasts as long as the page
  }
}
