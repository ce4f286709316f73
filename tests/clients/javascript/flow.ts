// Registers a customer, logs a contact and reads both, with clients whose types come from the OpenAPI documents.

import createClient from "openapi-fetch";

import type { paths as CustomerPaths } from "./customer.js";
import type { paths as FollowupPaths } from "./followup.js";

declare const process: { argv: string[] };

const [customerUrl, followupUrl, token, key] = process.argv.slice(2) as [string, string, string, string];
const headers = { Authorization: `Bearer ${token}` };
const customers = createClient<CustomerPaths>({ baseUrl: customerUrl, headers });
const followup = createClient<FollowupPaths>({ baseUrl: followupUrl, headers });

function required<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

async function register() {
  const answer = await customers.POST("/v1/customers", {
    params: { header: { "Idempotency-Key": key } },
    body: { name: "上海腾云", external: { system: "crm", id: key } },
  });
  return { id: required(answer).id, replayed: answer.response.headers.get("Idempotency-Replayed") };
}

async function logContact(customerId: string): Promise<string> {
  // The followup service learns of a new customer from Kafka.
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await followup.POST("/v1/customers/{customer_id}/contacts", {
      params: { path: { customer_id: customerId }, header: { "Idempotency-Key": `${key}-contact` } },
      body: { channel: "phone", direction: "outbound", content: "first call" },
    });
    if (answer.error?.status !== 404) return required(answer).id;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the followup service did not learn of the customer");
}

const first = await register();
const second = await register();
const contactId = await logContact(first.id);
const customer = await customers.GET("/v1/customers/{customer_id}", { params: { path: { customer_id: first.id } } });
const contact = await followup.GET("/v1/contacts/{contact_id}", { params: { path: { contact_id: contactId } } });
const refused = await customers.POST("/v1/customers/{customer_id}/stage", {
  params: { path: { customer_id: first.id }, header: { "If-Match": '"999999"' } },
  body: { stage: "interested" },
});

console.log(
  JSON.stringify({
    replayed: second.replayed,
    etag: customer.response.headers.get("ETag"),
    name: required(customer).name,
    registeredAt: required(customer).registered_at,
    channel: required(contact).channel,
    customerId: required(contact).customer_id === first.id,
    refused: refused.error?.code,
  }),
);
