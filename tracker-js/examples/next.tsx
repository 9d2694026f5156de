// Next (App Router): app/analytics.tsx, placed in app/layout.tsx. On the server it does nothing.
'use client';
import { useEffect } from 'react';
import { init } from 'sanaq-tracker';

export default function Analytics() {
  useEffect(() => init({ site: 'example.kz', api: 'https://stats.example.kz/api/event' }), []);
  return null;
}
