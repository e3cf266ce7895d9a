// The search over questions and pages: one index for the site and for `workbench find`.

const STOP = new Set(
  ("a about all am an and any are as at be been but by can cannot could did do does doesn for from get gets has have " +
    "how i if in into is isn it its me my no not of on one or our she should so some than that the their them then " +
    "there they this to too use used using was we were what when where which while who why will with without would " +
    "you your django use").split(" "),
);

// The words that people bring, and the words of the questions.
const SYNONYMS = {
  nplus1: "loop query",
  userprofile: "profile person",
  phone: "extra field",
  avatar: "extra field",
  attribute: "field",
  additional: "extra",
  custom: "extra",
  extend: "extra",
  extending: "extra",
  signup: "register",
  signal: "receiver",
  signals: "receiver",
  make: "create",
  makes: "create",
  made: "create",
  two: "second",
  twice: "second two",
  duplicate: "second two",
  duplicates: "second two",
  slow: "query join page",
  wrong: "error",
  sso: "social login",
  api: "rest drf serializer",
  serializer: "drf",
  forgot: "missing",
  lost: "missing",
  switch: "move",
  convert: "move",
  migrate: "move",
  change: "move",
  swapped: "swap",
  mail: "email",
  uppercase: "case",
  lowercase: "case",
  insensitive: "case",
  tests: "test factory",
  concurrent: "moment race",
};

/** A text in which "N+1" is a word. */
const oneWord = (text) => text.replace(/\bn\+1\b/gi, "nplus1");

/** The words of a text as the index knows them: names whole and in parts, plain words by their stem. */
export function words(text, stem) {
  const found = [];
  for (const [raw] of oneWord(text).matchAll(/[\p{L}\p{N}][\p{L}\p{N}_.@’'-]*/gu)) {
    const whole = raw.replace(/[.'’-]+$/, "").replace(/n['’]t$|['’]s$/, "");
    const parts = whole.split(/[._@’'-]+|(?<=[a-z])(?=[A-Z])/).filter(Boolean);
    const lower = parts.map((part) => part.toLowerCase());
    if (parts.length > 1) found.push(whole.toLowerCase().replace(/e-mail/g, "email"));
    if (/^e-mails?$/i.test(whole)) continue;
    for (const part of lower) if (!STOP.has(part)) found.push(stem(part));
  }
  return found;
}

const BOOST = { title: 3, keywords: 3, errors: 0.6, so_what: 1.5, answers: 1, text: 1 };
const ERROR = /(?:^|[\s.])[A-Z]\w*(?:Error|Exception|DoesNotExist|History|Registered|Configured|Returned|Operation|NotUpdated)\b|\([a-z_]+\.[EW]\d{3}\)|\bhas no (attribute|field)?\b.*\.?$|violates \S+ constraint|has been swapped|not been installed|does not exist$/;

/** The pairs of neighbouring words of an error, names of modules and what is quoted left out. */
export function pairs(text) {
  const plain = text
    .replace(/\b(?:\w+\.)+(?=[A-Z]\w*(?:Error|Exception|DoesNotExist))/g, "")
    .replace(/(["'“‘`])[^"'”’`]{1,80}["'”’`]/g, "x");
  const all = plain.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  return all.slice(1).map((word, place) => `${all[place]} ${word}`.replace(/ /g, "·"));
}

/** Whether what was pasted is an error rather than words. */
export const isError = (query) => ERROR.test(query);

/** The last error of a traceback with its details, or the query as it is. */
export function essence(query) {
  const lines = query.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length < 2) return query;
  const last = lines.findLastIndex((line) => /^\S/.test(line) && ERROR.test(line));
  return lines.slice(last < 0 ? -2 : last).join(" ");
}

/** The words between quotation marks: names and values of one's own, which say little. */
function quoted(query, stem) {
  const inside = [...query.matchAll(/(["'“‘`])([^"'”’`]{1,80})["'”’`]/g)].map((found) => found[2]);
  return new Set(inside.flatMap((text) => words(text, stem)));
}

export class Search {
  /**
   * documents: a list of {id, kind, title, address, keywords, so_what, answers, errors, text}; errors and
   * text are lists of lines.  MiniSearch, stem: the packages minisearch and stemmer.
   */
  constructor(documents, MiniSearch, stem) {
    this.stem = stem;
    this.documents = new Map(documents.map((one) => [one.id, one]));
    this.index = new MiniSearch({
      fields: Object.keys(BOOST),
      extractField: (one, field) => {
        const value = one[field] ?? "";
        return Array.isArray(value) ? [...new Set(value)].join("\n") : value;
      },
      tokenize: (text, field) =>
        field === "errors"
          ? [...words(text, stem), ...new Set(text.split("\n").flatMap(pairs))]
          : words(text, stem),
      processTerm: (term) => term,
    });
    this.index.addAll(documents);
  }

  /** The hits for the words or the pasted error, best first: {id, kind, title, address, line, score}. */
  find(query, limit = 10) {
    // of a dotted path only the class of the error
    const path = /\b(?:\w+\.)+(?=[A-Z]\w*(?:Error|Exception|DoesNotExist|History)\b)/g;
    const text = oneWord(essence(query).replace(path, ""));
    const error = isError(text);
    const weak = error ? quoted(text, this.stem) : new Set();
    const given = [...new Set(words(text, this.stem))];
    const added = new Set();
    if (!error)
      for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu))
        for (const other of (SYNONYMS[word] ?? "").split(" ").filter(Boolean)) added.add(this.stem(other));
    else if (/\bhas no \w+\.?/.test(text)) added.add("person");
    const last = given.at(-1);
    if (error) for (const pair of new Set(pairs(text))) added.add(pair);
    const terms = [...given, ...[...added].filter((term) => !given.includes(term))];
    if (!terms.length) return [];
    const found = this.index.search(terms.join(" "), {
      tokenize: (joined) => joined.split(" "),
      boost: error ? { ...BOOST, title: 1, keywords: 1, errors: 6, answers: 2 } : BOOST,
      boostTerm: (term) => (weak.has(term) ? 0.25 : added.has(term) && !error ? 0.4 : 1),
      boostDocument: (id) => this.documents.get(id).weight ?? 1,
      prefix: (term) => !error && term === last && term.length > 2,
      fuzzy: (term) => !error && term.length > 5 && !added.has(term) ? 0.15 : false,
    });
    // who has more of the words comes first
    for (const hit of found)
      hit.score *= given.filter((term) => hit.queryTerms.includes(term)).length / given.length + 0.5;
    found.sort((a, b) => b.score - a.score);
    return found.slice(0, limit).map((hit) => {
      const { id, kind, title, address } = this.documents.get(hit.id);
      return { id, kind, title, address, line: this.best(hit), score: hit.score };
    });
  }

  /** The line of a hit that holds most of the words. */
  best(hit) {
    const one = this.documents.get(hit.id);
    const matched = new Set(hit.terms);
    const lines = [...(one.errors ?? []), one.so_what, ...(one.text ?? []), one.answers, one.title].filter(Boolean);
    let best = one.so_what || one.title;
    let most = 0;
    for (const line of lines) {
      const hits = new Set(words(line, this.stem).filter((word) => matched.has(word))).size;
      if (hits > most) [most, best] = [hits, line];
    }
    return best.length > 220 ? `${best.slice(0, 219)}…` : best;
  }
}
