/** A site's goals: as the control plane keeps them, and as a question brings them along. */

export interface Goal {
  id: number;
  name: string;
  kind: "event" | "page" | "scroll";
  event?: string | null;
  page?: string | null;
  scroll?: number | null;
  conditions?: { property: string; value: string }[];
  currency?: string | null;
}

export interface ApiGoal {
  display_name: string;
  event_name?: string;
  page_path?: string;
  scroll_threshold?: number;
  custom_props?: Record<string, string>;
}

export function toApiGoal(goal: Goal): ApiGoal {
  const api: ApiGoal = { display_name: goal.name };
  if (goal.kind === "event") api.event_name = goal.event ?? goal.name;
  else api.page_path = goal.page ?? "/**";
  if (goal.kind === "scroll") api.scroll_threshold = goal.scroll ?? 50;
  if (goal.conditions?.length) {
    api.custom_props = Object.fromEntries(goal.conditions.map(({ property, value }) => [property, value]));
  }
  return api;
}
