// The waveform as bars, drawn at the screen's own resolution; also the slider that seeks.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { barsOf } from '../format';
import { theme } from '../theme';
import type { Peaks } from '../types';

const barPixels = 3;
const gapPixels = 2;

function draw(canvas: HTMLCanvasElement, peaks: Peaks, share: number, width: number): void {
  const height = canvas.clientHeight;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const colours = getComputedStyle(canvas);
  const ahead = colours.getPropertyValue('--wave');
  const behind = colours.getPropertyValue('--wave-played');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const bars = barsOf(peaks.peaks, Math.max(1, Math.floor((width + gapPixels) / (barPixels + gapPixels))));
  const loudest = Math.max(0.05, ...bars.map((b) => Math.max(b.high, -b.low)));
  const middle = height / 2;
  bars.forEach((bar, i) => {
    const x = i * (barPixels + gapPixels);
    const up = Math.max(1, (bar.high / loudest) * (middle - 2));
    const down = Math.max(1, (-bar.low / loudest) * (middle - 2));
    pen.fillStyle = (x + barPixels / 2) / width <= share ? behind : ahead;
    pen.beginPath();
    pen.roundRect(x, middle - up, barPixels, up + down, barPixels / 2);
    pen.fill();
  });
}

interface WaveformProps {
  peaks: Peaks | null;
  share: number;  // what has been played, 0 to 1
  onSeek: (share: number) => void;
  slider: JSX.HTMLAttributes<HTMLDivElement>;
}
export function Waveform({ peaks, share, onSeek, slider }: WaveformProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [shade, setShade] = useState(0);  // counts changes of the system's colours
  useEffect(() => {
    const look = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    if (canvas.current) look.observe(canvas.current);
    const system = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => setShade((n) => n + 1);
    system.addEventListener('change', changed);
    return () => {
      look.disconnect();
      system.removeEventListener('change', changed);
    };
  }, []);
  const colours = theme.value;
  useLayoutEffect(() => {
    if (canvas.current && peaks && width > 0) draw(canvas.current, peaks, share, width);
  }, [peaks, share, width, colours, shade]);
  const seek = (e: JSX.TargetedPointerEvent<HTMLDivElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    onSeek(Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)));
  };
  return (
    <div class={`bars${peaks ? ' is-there' : ''}`} {...slider}
      onPointerDown={(e) => {
        if (e.button !== 0) return;
        e.currentTarget.setPointerCapture(e.pointerId);
        seek(e);
      }}
      onPointerMove={(e) => { if (e.currentTarget.hasPointerCapture(e.pointerId)) seek(e); }}>
      <canvas ref={canvas} aria-hidden="true" />
      <span class="head" style={{ left: `${share * 100}%` }} aria-hidden="true" />
    </div>
  );
}
