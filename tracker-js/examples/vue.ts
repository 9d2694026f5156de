// Vue: a plugin, `createApp(App).use(analytics)`.
import type { App } from 'vue';
import { init, track } from 'sanaq-tracker';

export const analytics = {
  install(app: App): void {
    init({ site: 'example.kz', api: 'https://stats.example.kz/api/event' });
    app.config.globalProperties.$track = track;
  },
};
