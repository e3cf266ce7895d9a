// Prints the goal of each answer, as the page's own check computes it:
// node goals.mjs PLAYGROUND NODE_MODULES < {"players": {variant: SQL}, "exercises": [...]}
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [playground, modules] = process.argv.slice(2).map((path) => pathToFileURL(path).href);
const { PGlite } = await import(`${modules}/@electric-sql/pglite/dist/index.js`);
const { goalOf } = await import(`${playground}/check.js`);
const { asText, exec, plain } = await import(`${playground}/database.js`);
const { Refused } = await import(`${playground}/postgres.js`);
const { players, exercises } = JSON.parse(readFileSync(0, "utf8"));

const db = await PGlite.create();
asText(db);
const postgres = {
  players,
  async exec(sql, limit) {
    try {
      return await exec(db, sql, limit);
    } catch (error) {
      throw new Refused(plain(error));
    }
  },
};
for (const sql of ["CREATE ROLE greeter", ...Object.values(players), "ANALYZE"]) await db.exec(sql);

const goals = {};
for (const { id, answers } of exercises) {
  goals[id] = {};
  for (const answer of answers) {
    for (const variant of answer.in) goals[id][variant] = await goalOf(postgres, variant, answer);
  }
}
console.log(JSON.stringify(goals));
