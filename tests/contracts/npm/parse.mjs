// Reads AsyncAPI documents with the AsyncAPI project's own parser; writes what it says of each.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

async function answer(file) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  return {
    said: diagnostics.map(({ severity, code, path, message }) => ({ severity, code, path: path.join("/"), message })),
    messages: document ? document.messages().all().map((message) => message.name()) : [],
    channels: document ? document.channels().all().map((channel) => channel.address()) : [],
  };
}

const answers = [];
for (const file of process.argv.slice(2)) answers.push(await answer(file));
process.stdout.write(JSON.stringify(answers));
