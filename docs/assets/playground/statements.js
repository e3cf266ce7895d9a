// Telling the statements of a text apart, for EXPLAIN: it takes one at a time.

// A comment, a string, a quoted name, a dollar-quoted string, the end of a statement, or the rest.
const TOKEN = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`\b[eE]'(?:\\[\s\S]|''|[^'\\])*'`,
    String.raw`'(?:''|[^'])*'`,
    String.raw`"(?:""|[^"])*"`,
    String.raw`(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1`,
    ";",
    String.raw`\s+`,
    String.raw`\w+`,
    String.raw`[\s\S]`,
  ].join("|"),
  "g",
);
const SAYS_NOTHING = /^(?:--|\/\*|\s)/;

// Each statement's text, where it begins (in characters of the whole), and its first word.
export function statements(text) {
  const found = [];
  let current = null;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === ";") {
      current = null;
    } else if (current) {
      current.text += token;
    } else if (!SAYS_NOTHING.test(token)) {
      current = { text: token, begin: index, word: token.toUpperCase() };
      found.push(current);
    }
  }
  return found;
}
