/** All routes, in the order of the OpenAPI document. */
import { DAEMON_ROUTES } from "./daemon-routes.ts";
import { HOST_ROUTES } from "./host-routes.ts";
import { JOB_ROUTES } from "./job-routes.ts";
import { openApiDocument } from "./openapi.ts";
import { PACED_ROUTES } from "./paced-routes.ts";
import { json, type Route } from "./route.ts";

const DESCRIPTION: Route = {
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "This description of the API, as OpenAPI 3.1",
  access: "open",
  answers: { 200: json("The document.", null) },
  handle: ({ version }) => openApiDocument(ROUTES, version),
};

export const ROUTES: readonly Route[] = [...JOB_ROUTES, ...PACED_ROUTES, ...HOST_ROUTES, ...DAEMON_ROUTES, DESCRIPTION];
