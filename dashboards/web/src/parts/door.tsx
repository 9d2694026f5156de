/** The frame of the two pages outside: the sun over the steppe, and a form. */
import type { ComponentChildren } from "preact";
import horizon from "../art/horizon.svg";
import "./door.css";

export function Door({ title, lead, children }: { title: string; lead: string; children: ComponentChildren }) {
  return (
    <div class="door sheet">
      <div class="door-view">
        <img src={horizon} alt="" width="480" height="290" />
      </div>
      <div class="door-form">
        <h1 tabIndex={-1}>{title}</h1>
        <p class="quiet">{lead}</p>
        {children}
      </div>
    </div>
  );
}
