// Runs before the first paint: the kept colours and language.
const root = document.documentElement;
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's colours stay.
}
