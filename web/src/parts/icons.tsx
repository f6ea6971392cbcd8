// Drawings for buttons; whoever uses one names the button.
const paths = {
  play: 'M7 4.5v15l13-7.5z',
  pause: 'M7 5h4v14H7zM14 5h4v14h-4z',
  download: 'M12 3v11m0 0 4.5-4.5M12 14 7.5 9.5M4 19h16',
  close: 'M6 6l12 12M18 6 6 18',
  system: 'M3 5h18v11H3zM9 20h6M12 16v4',
  light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5',
  dark: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z',
  dice: 'M4 4h16v16H4zM8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01',
  show: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  hide: 'M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6.3 7.6A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M9.9 10a3 3 0 0 0 4.2 4.2',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  sound: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
};

export function Icon({ name }: { name: keyof typeof paths }) {
  const filled = name === 'play' || name === 'pause';
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"
      fill={filled ? 'currentColor' : 'none'} stroke={filled ? 'none' : 'currentColor'}
      stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 40 32" aria-hidden="true" focusable="false">
      <g stroke="currentColor" stroke-width="3.4" stroke-linecap="round">
        <path d="M4 14v4M12 8v16M20 3v26M28 11v10" />
      </g>
      <circle class="mark-dot" cx="36" cy="16" r="2.6" />
    </svg>
  );
}
