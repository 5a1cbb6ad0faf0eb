// What an application on the Vercel AI SDK does, through one of OpenAI's protocols: a text, a stream,
// an object, a tool that is called and answered. Prints what its user would read, as JSON.
// Arguments: base URL, key, "chat" or "responses", question.

import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, Output, isStepCount, streamText, tool } from "ai";

const [baseURL, apiKey, protocol, prompt] = process.argv.slice(2);
const model = createOpenAI({ baseURL, apiKey })[protocol]("gpt-4o-mini");
const schema = jsonSchema({
  type: "object",
  properties: { to: { type: "string" } },
  required: ["to"],
  additionalProperties: false,
});

const told = {};
told.text = (await generateText({ model, prompt })).text;

const streamed = streamText({ model, prompt });
told.streamed = "";
for await (const piece of streamed.textStream) told.streamed += piece;

const object = Output.object({ schema });
told.object = (await generateText({ model, prompt: `Only the address. ${prompt}`, output: object })).output;

told.called = [];
const sendMail = tool({
  description: "Send an e-mail",
  inputSchema: schema,
  execute: async (input) => {
    told.called.push(input);
    return { sent: input.to };
  },
});
const tools = { send_mail: sendMail };
const loop = { model, prompt: `Write to them. ${prompt}`, tools, stopWhen: isStepCount(3) };
told.afterTool = (await generateText(loop)).text;
told.afterToolStreamed = "";
for await (const piece of streamText(loop).textStream) told.afterToolStreamed += piece;

console.log(JSON.stringify(told));
