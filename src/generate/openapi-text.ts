/** docs/openapi.json: the description of the API as the daemon gives it, but for the version, which would change it with each release. */
import { openApiDocument } from "../daemon/openapi.ts";
import { ROUTES } from "../daemon/routes.ts";

export const openApiText = (): string => `${JSON.stringify(openApiDocument(ROUTES, "1"), null, 2)}\n`;
