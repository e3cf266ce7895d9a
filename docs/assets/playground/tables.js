// The tables of a variant as its schema has them now.
import { element } from "./results.js";

// Tables with users come first.
const TABLES = (variant) => `
  SELECT c.relname, c.relname IN ('auth_user', 'players_user', 'person') AS players,
    (SELECT string_agg(
        a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, E'\\n' ORDER BY a.attnum)
     FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(conname || ': ' || pg_get_constraintdef(oid), E'\\n' ORDER BY conname)
     FROM pg_constraint WHERE conrelid = c.oid AND contype <> 'n'),
    (SELECT string_agg(
        regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX (\\S+) ON \\S+ USING', '\\2: \\1'), E'\\n'
        ORDER BY indexname)
     FROM pg_indexes WHERE schemaname = '${variant}' AND tablename = c.relname
        AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = c.oid))
  FROM pg_class AS c
  WHERE c.relnamespace = to_regnamespace('${variant}') AND c.relkind IN ('r', 'v', 'm')
  ORDER BY players DESC, c.relname`;

export async function tables(postgres, variant) {
  const { results } = await postgres.exec(TABLES(variant));
  const made = element("section", { class: variant, "aria-label": `Tables of ${variant}` });
  made.append(element("h3", {}, variant));
  made.append(...results[0].rows.map(described));
  return made;
}

function described([name, players, columns, constraints, indexes]) {
  const made = element("details", players === "t" ? { open: "" } : {});
  made.append(element("summary", {}, name));
  for (const [title, lines] of Object.entries({ columns, constraints, indexes })) {
    if (lines) made.append(element("p", { class: "told" }, title), list(lines.split("\n")));
  }
  return made;
}

const list = (lines) => element("ul", {}, ...lines.map((line) => element("li", {}, line)));
