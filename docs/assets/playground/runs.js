// Running a text in a variant: as one transaction, or only explained.
import { Refused } from "./postgres.js";
import { statements } from "./statements.js";

const EXPLAINED = ["SELECT", "WITH", "VALUES", "TABLE", "(", "INSERT", "UPDATE", "DELETE", "MERGE"];
const ABOUT_TRANSACTIONS = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"];

// Run the text in the variant; returns { results, notices, error, atCommit, ms }.
export function run(postgres, variant, text, limit) {
  return inside(postgres, variant, async (outcome) => {
    Object.assign(outcome, await postgres.exec(text, limit));
    outcome.atCommit = true;
    await postgres.exec("COMMIT");
    outcome.atCommit = false;
  });
}

// The same with the plans instead of the rows; in the end nothing has changed.
export function explain(postgres, variant, text, analyze) {
  return inside(postgres, variant, async (outcome) => {
    for (const statement of statements(text)) {
      if (!ABOUT_TRANSACTIONS.includes(statement.word)) {
        outcome.results.push(...(await explained(postgres, statement, analyze)));
      }
    }
    await postgres.exec("ROLLBACK");
  });
}

async function explained(postgres, { text, begin, word }, analyze) {
  const asked = EXPLAINED.includes(word) ? `EXPLAIN (ANALYZE ${Boolean(analyze)}) ` : "";
  try {
    const { results } = await postgres.exec(asked + text);
    return results;
  } catch (error) {
    const position = error.said?.position;
    if (position) error.said.position = Number(position) - asked.length + begin;
    throw error;
  }
}

async function inside(postgres, variant, work) {
  const outcome = { results: [], notices: [], error: null, atCommit: false };
  await postgres.exec(`SET search_path TO ${variant}`);
  await postgres.exec("BEGIN");
  const began = performance.now();
  try {
    await work(outcome);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    outcome.error = error.said;
    outcome.results = [];
    await postgres.exec("ROLLBACK");
  }
  outcome.ms = performance.now() - began;
  // the next text starts as the same user, with the same role and settings; RESET SESSION
  // AUTHORIZATION has no user to go back to here, because PGlite has no login
  await postgres.exec("SET SESSION AUTHORIZATION postgres");
  await postgres.exec("RESET ALL");
  return outcome;
}
