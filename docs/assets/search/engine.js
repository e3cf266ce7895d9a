// The search over questions and pages: one index for the site and for `workbench find`.

const STOP = new Set(
  ("a about all am an and any are as at be been but by can cannot could did do does doesn for from get gets has have " +
    "how i if in into is isn it its me my no not of on one or our she should so some than that the their them then " +
    "there they this to too use versus vs used using was we were what when where which while who why will with without would " +
    "you your django use").split(" "),
);

// What people write as several words, and the word of the questions and pages for it.
const PHRASES = [
  [/\bn ?\+ ?1\b/gi, " nplus1 loop queries "],
  [/\b(?:zero|no|without) ?-?down-?time\b/gi, " staged "],
  [/\bsoft[- ]delet\w*/gi, " deactivated "],
  [/\bmid(?:dle of (?:a|the))?[- ]project\b|\b(?:running|live) project\b/gi, " existing project "],
  [/\b(?:plain|clear) ?-?text\b/gi, " unhashed typed "],
  [/\bjson field\b/gi, " jsonfield "],
  [/\bone ?-?to ?-?one\b(?! ?field)/gi, " onetoonefield "],
  [/\b(?:vs\.?|versus|or)\b/gi, " choose "],
  [/\bextra (?=quer|statement|join|insert)/gi, ""],
  [/\brequest\.user\b/g, "request.user logged-in"],
  [/\blog ?-?in\b/gi, " login "],
  [/\bsign(?:ing)? ?-?up\b/gi, " signup "],
];

// The words that people bring, and the words of the questions.
const SYNONYMS = {
  additional: "extra",
  api: "rest drf serializer",
  attribute: "field",
  avatar: "extra field imagefield",
  change: "move",
  citext: "case unique",
  column: "field",
  concurrent: "moment race once",
  convert: "move",
  custom: "extra",
  deactivated: "is_active",
  disabled: "deactivated",
  duplicate: "second two",
  duplicates: "second two",
  extend: "extra",
  extending: "extra",
  firing: "call",
  fires: "call",
  forgot: "missing",
  insensitive: "case",
  late: "later existing",
  lock: "wait",
  locked: "wait",
  locks: "wait",
  lost: "missing",
  lowercase: "case",
  mail: "email",
  make: "create",
  makes: "create",
  made: "create",
  migrate: "move",
  millions: "million scale",
  performance: "scale cost query faster",
  phone: "extra field discord",
  picture: "imagefield",
  production: "wait migration",
  queries: "statement",
  query: "statement",
  rename: "move",
  replace: "move",
  request: "page",
  serializer: "drf",
  settings: "extra",
  signal: "receiver",
  signals: "receiver",
  signup: "register",
  slow: "query join page faster",
  speed: "faster scale",
  sso: "social login",
  staged: "stages stop",
  swapped: "swap",
  switch: "move",
  tests: "test factory",
  twice: "second two",
  two: "second",
  uppercase: "case",
  userprofile: "profile person",
  wrong: "error",
};

/** The words of a text as the index knows them: names whole and in parts, plain words by their stem. */
export function words(text, stem) {
  const found = [];
  for (const [raw] of text.replace(/\bn\+1\b/gi, "nplus1").matchAll(/[\p{L}\p{N}][\p{L}\p{N}_.@’'-]*/gu)) {
    const whole = raw.replace(/[.'’-]+$/, "").replace(/n['’]t$|['’]s$/, "");
    const parts = whole.split(/[._@’'-]+|(?<=[a-z])(?=[A-Z])/).filter(Boolean);
    if (parts.length > 1) found.push(whole.toLowerCase().replace(/e-mail/g, "email"));
    if (/^e-mails?$/i.test(whole)) continue;
    for (const part of parts.map((one) => one.toLowerCase())) if (!STOP.has(part)) found.push(stem(part));
  }
  return found;
}

const BOOST = { title: 3, keywords: 3, errors: 0.6, so_what: 1.5, answers: 1, text: 1 };

// An error as it is pasted: its class with a message, its class alone, a check of Django, a sentence of PostgreSQL.
const CLASS = "[A-Z]\\w*(?:Error|Exception|Warning|DoesNotExist|History|Registered|Configured|Returned|Operation|NotUpdated|NotReady)";
const ERROR = new RegExp(
  `(?:^|[\\s.])(?:${CLASS}|[a-z]+\\.error):|^\\s*(?:[\\w.]+\\.)?${CLASS}\\s*$|^\\s*[a-z_]+(?:\\.\\w+)*\\.[A-Z]\\w+: |\\([a-z_]+\\.[EW]\\d{3}\\)|` +
    "^\\s*(?:ERROR|FATAL): |^\\s*cannot [A-Z]{4,} |\\bhas no \\w+\\.$|\\bhas no (?:attribute|field)(?: named)? ['\"]|violates \\S+ constraint|" +
    "has been swapped|not been installed|does not exist$",
  "m",
);

/** Whether what was pasted is an error rather than words. */
export const isError = (query) => ERROR.test(essence(query));

// What other databases and the driver say, in the words of Django on PostgreSQL.
const ELSEWHERE = [
  [/\b(?:UNIQUE constraint failed: \S+|Duplicate entry \S+ for key \S+)/, 'duplicate key value violates unique constraint "x"'],
  [/\bNOT NULL constraint failed: \S+/, 'null value in column "x" of relation "x" violates not-null constraint'],
  [/\bFOREIGN KEY constraint failed/, 'insert or update on table "x" violates foreign key constraint "x"'],
  [/\bOperationalError: no such table: \S+/, 'ProgrammingError: relation "x" does not exist'],
  [/\bOperationalError: no such column: \S+/, "ProgrammingError: column x does not exist"],
  [/\b(?:psycopg2?\.errors\.)?(?:Unique|ForeignKey|NotNull|Check)Violation\b/, "IntegrityError"],
  [/\b(?:psycopg2?\.errors\.)?(?:UndefinedTable|UndefinedColumn|InsufficientPrivilege)\b/, "ProgrammingError"],
];

/** The last error of a traceback with its details, or the query as it is. */
export function essence(query) {
  const lines = query.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length < 2) return query;
  const last = lines.findLastIndex((line) => /^\S/.test(line) && ERROR.test(line));
  return lines.slice(last < 0 ? -2 : last).join(" ");
}

/**
 * What tells one error from another: its class, its check, and its pairs of neighbouring words. Modules are
 * left out; what is quoted, dotted or a number is a name or a value of one's own, and counts as x.
 */
export function marks(text) {
  const plain = text
    .replace(/\bhas no (?!attribute|field)\w+\.?$|(?<=more than one )\w+/gm, (own) => (own.startsWith("has no") ? "has no x" : "x"))
    .replace(/\b(?:\w+\.)+(?=[A-Z]\w+(?::|\s|$))/g, "")
    .replace(/(["'“‘`])[^"'”’`]{1,80}["'”’`]/g, "x")
    .replace(/\b[a-z]\w*(?:\.[a-z_]\w*)+\b(?!\()/g, "x")
    .replace(/\b\d+\b/g, "x");
  const all = plain.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  const pairs = all.slice(1).map((word, place) => `${all[place]} ${word}`);
  const names = plain.match(new RegExp(`\\b${CLASS}\\b|\\b[a-z_]+\\.[EW]\\d{3}\\b`, "g")) ?? [];
  return new Set([...names, ...pairs]);
}

const FITS = 0.4; // less of an error's marks in common, and the error is another one
const SURE = 0.8; // words that are an error although they do not look like one

// Classes that say little without their message.
const COMMON = /^(?:(?:Assertion|Attribute|Database|Data|Field|Import|Integrity|Internal|Key|Lookup|ModuleNotFound|NotSupported|Operational|Programming|Runtime|SystemCheck|Type|Validation|Value)Error|Exception)$/;

const NAME = new RegExp(`\\b${CLASS}\\b|\\b[a-z_]+\\.[EW]\\d{3}\\b`);

/** What stands between quotation marks. */
const quoted = (text) => new Set([...text.matchAll(/(["'“‘`])([^"'”’`]{1,80})["'”’`]/g)].map((found) => found[2]));

/** The errors of the documents, each line by its marks. */
class Errors {
  constructor(documents) {
    const lines = (one, texts, worth) => texts.map((text) => ({ id: one.id, text, worth, marks: marks(text), quoted: quoted(text) }));
    this.lines = documents.flatMap((one) => [
      ...lines(one, one.errors ?? [], 1),
      ...lines(one, one.proofs ?? [], 0.6),
      ...lines(one, (one.answers ?? "").split("; "), 1),
      ...(one.kind === "page" ? lines(one, one.keywords.split("; "), 0.9) : []),
    ]);
    this.holders = new Map();
    for (const line of this.lines)
      for (const mark of line.marks) {
        if (!this.holders.has(mark)) this.holders.set(mark, new Set());
        this.holders.get(mark).add(line);
      }
  }

  /** {id: [how much of the error a line of the document has, from FITS to 1 and more if names agree, that line]} */
  fitting(query) {
    const names = [...quoted(query)];
    const wanted = [...marks(query)];
    const rare = (mark) => Math.log(1 + this.lines.length / (1 + (this.holders.get(mark)?.size ?? 0)));
    const all = wanted.reduce((sum, mark) => sum + rare(mark), 0);
    const shared = new Map();
    for (const mark of wanted)
      for (const line of this.holders.get(mark) ?? []) shared.set(line, (shared.get(line) ?? 0) + rare(mark) / all);
    // a class that says something is most of its error, and stands for the message where an answer has but the class
    const said = new Map();
    for (const [line, part] of shared)
      for (const mark of line.marks) if (NAME.test(mark)) said.set(mark, Math.max(part, said.get(mark) ?? 0));
    const best = new Map();
    for (const [line, part] of shared) {
      const telling = wanted.some((mark) => NAME.test(mark) && !COMMON.test(mark) && line.marks.has(mark));
      const [first] = line.marks;
      const alone = line.marks.size === 1 && !COMMON.test(first) ? 0.9 * (said.get(first) ?? 0) : 0;
      const fits = Math.max(telling ? 0.5 + 0.5 * part : part, alone) * line.worth;
      if (fits < FITS) continue;
      const agree = names.filter((name) => line.quoted.has(name)).length / (names.length || 1);
      const score = fits + 0.4 * agree;
      if (score > (best.get(line.id)?.[0] ?? 0)) best.set(line.id, [score, line.text]);
    }
    return best;
  }
}

export class Search {
  /**
   * documents: a list of {id, kind, title, address, weight, keywords, so_what, answers, errors, proofs, text};
   * errors, proofs and text are lists of lines.  MiniSearch, stem: the packages minisearch and stemmer.
   */
  constructor(documents, MiniSearch, stem) {
    this.stem = stem;
    this.documents = new Map(documents.map((one) => [one.id, one]));
    this.holding = new Map(); // in how many documents a word is
    this.errors = new Errors(documents);
    const seen = new Map();
    this.index = new MiniSearch({
      fields: Object.keys(BOOST),
      extractField: (one, field) => {
        const value = one[field] ?? "";
        return Array.isArray(value) ? [...new Set(value)].join("\n") : value;
      },
      tokenize: (text) => {
        const found = words(text, stem);
        for (const word of new Set(found)) seen.set(word, (seen.get(word) ?? 0) + 1);
        return found;
      },
      processTerm: (term) => term,
    });
    for (const one of documents) {
      this.index.add(one);
      for (const word of seen.keys()) this.holding.set(word, (this.holding.get(word) ?? 0) + 1);
      seen.clear();
    }
  }

  /** The hits for the words or the pasted error, best first: {id, kind, title, address, so_what, line, score}. */
  find(query, limit = 10) {
    let text = essence(query);
    for (const [there, here] of ELSEWHERE) text = text.replace(there, here);
    const error = ERROR.test(text);
    const fitting = error || text.trim().split(/\s+/).length > 3 ? this.errors.fitting(text) : new Map();
    const most = Math.max(0, ...[...fitting.values()].map(([part]) => part));
    const hits = error || most > SURE ? this.ofError(text, fitting) : this.ofWords(text);
    return hits.slice(0, limit).map(([id, score, line]) => {
      const { kind, title, address, so_what = "" } = this.documents.get(id);
      return { id, kind, title, address, so_what, line: short(line()), score };
    });
  }

  /** What has the error: first where it is the answer, then where it is evidence.  [[id, score, line]] */
  ofError(text, fitting) {
    const words = this.ofWords(text, false);
    const alike = new Map(words.map(([id, score]) => [id, score / words[0][1]]));
    const own = text.match(NAME)?.[0];
    return [...fitting]
      .map(([id, [part, line]]) => {
        const { answers = "", so_what, title, weight = 1 } = this.documents.get(id);
        const name = own ?? line.match(NAME)?.[0];
        const subject = name && answers.includes(name) ? (COMMON.test(name) ? 0.25 : 0.35) : 0;
        const shown = line.length > 30 ? line : so_what || title;
        return [id, (part + subject) * Math.sqrt(weight) + 0.2 * (alike.get(id) ?? 0), () => shown];
      })
      .sort(([, one], [, other]) => other - one);
  }

  /** What has the words.  typing: whether the last word may be the beginning of one.  [[id, score, line]] */
  ofWords(query, typing = true) {
    let text = query;
    for (const [phrase, word] of PHRASES) text = text.replace(phrase, word);
    const groups = this.groups(text, typing);
    if (!groups.length) return [];
    const worth = new Map();
    for (const { terms, value } of groups)
      for (const [term, share] of terms) worth.set(term, Math.max(share * value.boost, worth.get(term) ?? 0));
    const last = typing ? groups.at(-1).term : "";
    const found = this.index.search([...worth.keys()].join("\n"), {
      tokenize: (joined) => joined.split("\n"),
      boost: BOOST,
      boostTerm: (term) => worth.get(term),
      boostDocument: (id) => this.documents.get(id).weight ?? 1,
      prefix: (term) => term === last && term.length > 2,
    });
    // first what has more of the words, the rare ones above all, and what is called so
    const all = groups.reduce((sum, { value }) => sum + value.weight, 0);
    for (const hit of found) {
      const has = new Set(hit.queryTerms);
      let part = 0;
      for (const { terms, value } of groups)
        part += (value.weight * Math.max(0, ...[...terms].map(([term, share]) => (has.has(term) ? share : 0)))) / all;
      hit.score *= part + 0.2;
    }
    found.sort((one, other) => other.score - one.score);
    for (const hit of found.slice(0, 60)) hit.score *= 1 + 2 * this.called(hit.id, groups, all) ** 2;
    found.sort((one, other) => other.score - one.score);
    return found.map((hit) => [hit.id, hit.score, () => this.best(hit)]);
  }

  /** What each word of a query stands for: {term, terms: {word of the index: how much it is worth}, value}. */
  groups(text, typing) {
    const groups = new Map();
    const raws = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}_.@’'-]*/gu)].map(([raw]) => raw);
    raws.forEach((raw, place) => {
      const its = words(raw, this.stem);
      const whole = its.length > 1 && this.holding.has(its[0]);
      its.forEach((term, number) => {
        const boost = whole && number ? 0.3 : 1;
        const old = groups.get(term);
        if (old) return (old.value.boost = Math.max(old.value.boost, boost));
        const lower = its.length > 1 ? term : raw.toLowerCase().replace(/[.'’-]+$/, "");
        const known = this.known(term, lower, typing && place === raws.length - 1 && number === its.length - 1);
        const terms = new Map(known.map((one) => [one, 1]));
        const others = Object.hasOwn(SYNONYMS, lower) ? words(SYNONYMS[lower], this.stem) : [];
        for (const other of others) if (!terms.has(other)) terms.set(other, 0.5);
        groups.set(term, { term, terms, value: { boost } });
      });
    });
    const rare = (term) => Math.log(1 + this.documents.size / (1 + (this.holding.get(term) ?? 0)));
    for (const { terms, value } of groups.values()) {
      const known = [...terms.keys()].filter((term) => this.holding.has(term));
      value.weight = value.boost * (known.length ? Math.max(...known.map((term) => rare(term) * terms.get(term))) : 1);
    }
    return [...groups.values()];
  }

  /** The words of the index that a word stands for: itself, or what is spelled nearly so. */
  known(term, raw, typing) {
    const known = [...new Set([term, raw])].filter((one) => this.holding.has(one));
    if (known.length || raw.length < 4 || Object.hasOwn(SYNONYMS, raw)) return known.length ? known : [term];
    const whole = { tokenize: (one) => [one] };
    if (typing && this.index.search(term, { ...whole, prefix: true }).length) return [term];
    const near = new Map();
    for (const one of new Set([term, raw]))
      for (const hit of this.index.search(one, { ...whole, fuzzy: one.length > 5 ? 2 : 1, prefix: true }))
        for (const other of hit.terms) near.set(other, (near.get(other) ?? 0) + hit.score);
    const [best] = [...near].sort(([, one], [, other]) => other - one);
    return best ? [best[0]] : [term];
  }

  /** How much a document is called what was asked for: by its title, or by one of its keywords. */
  called(id, groups, all) {
    this.names ??= new Map();
    if (!this.names.has(id)) {
      const { title, keywords = "" } = this.documents.get(id);
      this.names.set(id, [title, ...keywords.split("; ")].map((name) => new Set(words(name, this.stem))));
    }
    let most = 0;
    for (const name of this.names.get(id)) {
      let part = 0;
      const matched = new Set();
      for (const { terms, value } of groups) {
        let best = 0;
        for (const [term, share] of terms) if (name.has(term)) [best] = [Math.max(best, share), matched.add(term)];
        part += (best * value.weight) / all;
      }
      if (part) most = Math.max(most, part * (0.4 + (0.6 * Math.min(matched.size, name.size)) / name.size));
    }
    return most;
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
    return best;
  }
}

const short = (line) => (line.length > 220 ? `${line.slice(0, 219)}…` : line);
