// The editor: SQL as PostgreSQL writes it, with highlighting, and completion for the tables.
import {
  autocompletion, completeFromList, completionKeymap, ifNotIn,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const NO_COLUMN = ["QuotedIdentifier", "String", "LineComment", "BlockComment", "."];

// Completes the columns of all tables; lang-sql itself completes them only after "table.".
function columns(schema) {
  const names = new Set(Object.values(schema).flat());
  const options = [...names].map((label) => ({ label, type: "property" }));
  return PostgreSQL.language.data.of({
    autocomplete: ifNotIn(NO_COLUMN, completeFromList(options)),
  });
}

// the colours of the code on all pages
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--md-code-hl-keyword-color)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--md-code-hl-string-color)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--md-code-hl-number-color)" },
  { tag: tags.comment, color: "var(--md-code-hl-comment-color)" },
  { tag: tags.operator, color: "var(--md-code-hl-operator-color)" },
  { tag: tags.typeName, color: "var(--md-code-hl-name-color)" },
]);

/**
 * Put an editor in the place of a textarea.
 *
 * run: called at Ctrl+Enter. changed: called when the reader has changed the text. Returns what is
 * used of a textarea: value, defaultValue, focus(); and offer(schema), which completes the names of
 * {table: [columns]}.
 */
export function editorFor(textarea, { run, changed }) {
  const language = new Compartment();
  const told = (schema) => [
    sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true }),
    columns(schema),
  ];
  let mine = false; // whether the page itself changes the text
  const view = new EditorView({
    doc: textarea.value.trimEnd(),
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
      // Tab leaves the editor, as it leaves any field
      keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
      history(),
      lineNumbers(),
      drawSelection(),
      bracketMatching(),
      autocompletion({ icons: false }),
      syntaxHighlighting(colours),
      language.of(told({})),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": "SQL",
        "aria-describedby": textarea.getAttribute("aria-describedby"),
        autocapitalize: "off",
        spellcheck: "false",
      }),
      EditorView.updateListener.of((update) => update.docChanged && !mine && changed()),
    ],
  });
  document.querySelector(`label[for="${textarea.id}"]`)?.removeAttribute("for");
  textarea.replaceWith(view.dom);
  return {
    defaultValue: textarea.defaultValue,
    get value() {
      return view.state.doc.toString();
    },
    set value(text) {
      mine = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      mine = false;
    },
    focus: () => view.focus(),
    offer: (schema) => view.dispatch({ effects: language.reconfigure(told(schema)) }),
  };
}
