// Prints what AsyncAPI's own parser says of the document named on the command line, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));

console.log(
  JSON.stringify({
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    operations: document?.operations().all().map((operation) => operation.id()) ?? [],
    findings: diagnostics.map(({ code, message, path, severity }) => ({
      code,
      message,
      path: path.join("/"),
      severity,
    })),
  }),
);
