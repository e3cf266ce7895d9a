// Checking an answer: by what comes of it, compared with what comes of the solution.
import { rows } from "./results.js";
import { explain, run } from "./runs.js";

const MOST_ROWS = 5000;

// { right, says, outcome }: whether the text does what the answer's solution does, why not, and
// what came of the text. Both start from the players as they are at the start.
export async function check(postgres, variant, text, answer) {
  const expected = await tried(postgres, variant, answer.sql, answer);
  const got = await tried(postgres, variant, text, answer);
  const fault = faultOf(got, expected, answer);
  return { right: !fault, says: fault ?? "right.", outcome: got.outcome };
}

// What comes of a text in a fresh copy of the variant; what the learner has changed steps aside.
// Not by a transaction that is rolled back: the text may hold a COMMIT.
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

// What is compared: the rows of the last query, the rows that the probe finds, the plan.
async function seen(postgres, variant, text, { probe, uses }, outcome) {
  if (outcome.error) return {};
  const found = { rows: lastQuery(outcome)?.rows };
  if (probe) {
    found.rows = lastQuery(await run(postgres, variant, probe))?.rows ?? [];
  }
  if (uses) {
    const forced = await explain(postgres, variant, `SET enable_seqscan = off;\n${text}`, false);
    found.plan = lastQuery(forced)?.rows.join("\n") ?? "";
  }
  return found;
}

const lastQuery = ({ results }) => results.findLast(({ columns }) => columns.length);

// What is wrong, or null.
function faultOf(got, expected, { ordered, probe, uses }) {
  const { error, results } = got.outcome;
  if (!error && !results.some(({ command }) => command)) return "nothing was asked.";
  if (expected.outcome.error) return wrongRefusal(got.outcome, expected.outcome);
  if (error) return "PostgreSQL refuses it.";
  if (!got.rows) return "there is no query in it, so there are no rows to look at.";
  const fault = wrongRows(got.rows, expected.rows, ordered);
  if (fault) return probe ? `afterwards something is not as it should be: ${fault}` : fault;
  if (uses && !got.plan.includes(uses)) return `the rows are right, but its plan has no ${uses}.`;
  return null;
}

function wrongRefusal({ error, atCommit }, expected) {
  if (!error) return "PostgreSQL takes it; try what it refuses.";
  const same = error.code === expected.error.code && about(error) === about(expected.error);
  if (!same) return "PostgreSQL refuses it, but for another reason than the one looked for.";
  const timely = atCommit === expected.atCommit;
  return timely ? null : "PostgreSQL refuses it, but not at the moment looked for.";
}

// A refusal names its table, or tells all in its message.
const about = ({ table, message }) => table ?? message;

function wrongRows(got, expected, ordered) {
  const [mine, right] = [got, expected].map((all) => all.map((row) => JSON.stringify(row)));
  const [columns, wanted] = [got[0]?.length, expected[0]?.length];
  if (columns && wanted && columns !== wanted) {
    return `columns: ${columns}; asked for: ${wanted}.`;
  }
  const tooMany = without(mine, right);
  const missing = without(right, mine);
  const faults = [];
  if (tooMany.length) {
    faults.push(`${rows(tooMany.length)} too many, such as (${shown(tooMany[0])})`);
  }
  if (missing.length) faults.push(`${rows(missing.length)} missing`);
  if (faults.length) return `${faults.join("; ")}.`;
  if (ordered && mine.join() !== right.join()) return "the rows are right, their order is not.";
  return null;
}

// The rows of one list that the other has not, each as often as it is not there.
function without(mine, others) {
  const left = [...others];
  return mine.filter((row) => {
    const place = left.indexOf(row);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

const shown = (row) => JSON.parse(row).map((value) => value ?? "NULL").join(", ");
