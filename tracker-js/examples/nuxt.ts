// Nuxt: plugins/analytics.client.ts.
import { defineNuxtPlugin } from '#app';
import { init, track } from 'sanaq-tracker';

export default defineNuxtPlugin(() => {
  init({ site: 'example.kz', api: 'https://stats.example.kz/api/event' });
  return { provide: { track } };
});
