// A learner's work, which the browser keeps between visits if it is allowed to.

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
    // full, or forbidden: then the work is lost when the page is closed
  }
}
