// Checking an answer: its result must be the goal, which is the result of the solution.
import { rows } from "./results.js";
import { explain, run } from "./runs.js";

const MOST_ROWS = 5000;

// { right, says, outcome }: whether the text reaches the goal, why not, and what the text returned.
export async function check(postgres, variant, text, answer, goal) {
  const { outcome, ...seen } = await tried(postgres, variant, text, answer);
  const fault = faultOf(outcome, seen, goal, answer);
  return { right: !fault, says: fault ?? "right.", outcome };
}

// What the solution of an answer returns: its error, or the columns and rows to compare.
// { error, atCommit, columns, rows }; the site's build computes it.
export async function goalOf(postgres, variant, answer) {
  const { outcome, columns, rows } = await tried(postgres, variant, answer.sql, answer);
  return { error: outcome.error, atCommit: outcome.atCommit, columns, rows };
}

// Run a text in a fresh copy of the variant, while the learner's own schema has another name.
// Not in a transaction that is rolled back: the text may hold a COMMIT.
async function tried(postgres, variant, text, answer) {
  const mine = `"${variant} as the learner has it"`;
  await postgres.exec(`ALTER SCHEMA ${variant} RENAME TO ${mine}`);
  try {
    await postgres.exec(postgres.players[variant]);
    const outcome = await run(postgres, variant, text, MOST_ROWS);
    return { outcome, ...(await seen(postgres, variant, text, answer, outcome)) };
  } finally {
    await postgres.exec(`DROP SCHEMA IF EXISTS ${variant} CASCADE`);
    await postgres.exec(`ALTER SCHEMA ${mine} RENAME TO ${variant}`);
  }
}

// What is compared: the result of the last query, or that of the probe, and the plan.
async function seen(postgres, variant, text, { probe, uses }, outcome) {
  if (outcome.error) return {};
  const compared = probe ? await run(postgres, variant, probe) : outcome;
  const found = { columns: lastQuery(compared)?.columns, rows: lastQuery(compared)?.rows };
  if (uses) {
    const forced = await explain(postgres, variant, `SET enable_seqscan = off;\n${text}`, false);
    found.plan = lastQuery(forced)?.rows.join("\n") ?? "";
  }
  return found;
}

const lastQuery = ({ results }) => results.findLast(({ columns }) => columns.length);

// What is wrong, or null.
function faultOf(outcome, seen, goal, { ordered, probe, uses }) {
  const { error, results } = outcome;
  if (!error && !results.some(({ command }) => command)) return "there is no statement to run.";
  if (goal.error) return wrongError(outcome, goal);
  if (error) return "PostgreSQL reports an error.";
  if (!seen.rows && probe) return "the query of the check no longer runs on your tables.";
  if (!seen.rows) return "your text has no query, so it returns no rows.";
  const fault = wrongRows(seen.rows, goal.rows, ordered);
  if (fault) return probe ? `your tables differ from the goal: ${fault}` : fault;
  if (uses && !seen.plan.includes(uses)) return `the rows are right, but the plan does not use ${uses}.`;
  return null;
}

function wrongError({ error, atCommit }, goal) {
  if (!error) return "PostgreSQL accepts it. The goal is an error.";
  const same = error.code === goal.error.code && about(error) === about(goal.error);
  if (!same) return "PostgreSQL reports an error, but not the one of the goal.";
  if (atCommit === goal.atCommit) return null;
  const when = goal.atCommit ? "at COMMIT" : "before COMMIT";
  return `the error is right, but it must come ${when}.`;
}

// An error names its table, or says everything in its message.
const about = ({ table, message }) => table ?? message;

function wrongRows(got, expected, ordered) {
  const [mine, right] = [got, expected].map((all) => all.map((row) => JSON.stringify(row)));
  const [columns, wanted] = [got[0]?.length, expected[0]?.length];
  if (columns && wanted && columns !== wanted) {
    return `your query returns ${columns} columns, the goal has ${wanted}.`;
  }
  const tooMany = without(mine, right);
  const missing = without(right, mine);
  const faults = [];
  if (tooMany.length) {
    faults.push(`${rows(tooMany.length)} too many, such as (${shown(tooMany[0])})`);
  }
  if (missing.length) faults.push(`${rows(missing.length)} missing`);
  if (faults.length) return `${faults.join("; ")}.`;
  if (ordered && mine.join() !== right.join()) return "the rows are right, but not their order.";
  return null;
}

// The rows of one list that the other does not have. Equal rows are counted.
function without(mine, others) {
  const left = [...others];
  return mine.filter((row) => {
    const place = left.indexOf(row);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

const shown = (row) => JSON.parse(row).map((value) => value ?? "NULL").join(", ");
