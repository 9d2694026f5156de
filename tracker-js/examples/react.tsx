// React (Vite and the like): once at the root. Routers change the address through history, which is followed.
import { useEffect } from 'react';
import { init, track } from 'sanaq-tracker';

export function Analytics() {
  useEffect(() => init({ site: 'example.kz', api: 'https://stats.example.kz/api/event' }), []);
  return null;
}

export const SignUp = () => <button onClick={() => track('Signup', { props: { place: 'top' } })}>Тіркелу</button>;
