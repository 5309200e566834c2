/**
 * Topics of the reference dashboard: one text panel each, made from the tables (reference.ts). Panels link there.
 *
 * Why a dashboard  A link has to lead somewhere wherever these dashboards are imported, without a network and whatever is hosted where.
 */
export const REFERENCE_UID = "halfopen-reference";

export const TOPICS = ["gates", "runs", "kernel", "paced", "results", "daemon", "hosts"] as const;
export type Topic = (typeof TOPICS)[number];

/** Panels are numbered from 1, in this order. */
export const topicId = (topic: Topic): number => TOPICS.indexOf(topic) + 1;

export const referenceUrl = (topic: Topic): string => `/d/${REFERENCE_UID}?viewPanel=${topicId(topic)}`;
