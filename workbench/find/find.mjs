// Searches: node find.mjs ENGINE NODE_MODULES < {"documents": [...], "queries": ["...", ...], "limit": n}
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [engine, modules] = process.argv.slice(2).map((path) => pathToFileURL(path).href);
const { Search } = await import(engine);
const { default: MiniSearch } = await import(`${modules}/minisearch/dist/es/index.js`);
const { stemmer } = await import(`${modules}/stemmer/index.js`);
const { documents, queries, limit } = JSON.parse(readFileSync(0, "utf8"));
const search = new Search(documents, MiniSearch, stemmer);
console.log(JSON.stringify(queries.map((query) => search.find(query, limit))));
