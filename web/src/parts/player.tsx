import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { chordName, clock, fileName, nameOf } from '../format';
import { keyName, t, term } from '../i18n';
import type { Peaks, Piece, Section } from '../types';
import { Icon } from './icons';
import { Waveform } from './waveform';

const formats = ['mp3', 'ogg', 'flac', 'wav'] as const;
const stepSeconds = 5;
const bigStepSeconds = 15;

const sectionName = (name: string): string => term(name);

function at<T extends { start: number; end: number }>(marks: T[], seconds: number): T | undefined {
  return marks.find((m) => seconds >= m.start && seconds < m.end) ?? marks[marks.length - 1];
}

// Peaks are fetched once a piece; the player works without them.
function usePeaks(url: string | undefined): { peaks: Peaks | null; failed: boolean } {
  const [peaks, setPeaks] = useState<Peaks | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let gone = false;
    if (url) {
      api.peaks(url).then((p) => { if (!gone) setPeaks(p); })
        .catch(() => { if (!gone) setFailed(true); });
    }
    return () => { gone = true; };
  }, [url]);
  return { peaks, failed };
}

// The sound element and where it is; the position is looked at once a frame while it plays.
function useSound(known: number) {
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [time, setTime] = useState(0);
  const [length, setLength] = useState(known);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    if (!playing) return;
    let frame = requestAnimationFrame(function look() {
      setTime(audio.current?.currentTime ?? 0);
      frame = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);
  const seek = (to: number) => {
    const sound = audio.current;
    if (!sound) return;
    const target = Math.min(Math.max(0, to), Math.max(0, length - 0.05));
    sound.currentTime = target;
    setTime(target);
  };
  const toggle = () => {
    const sound = audio.current;
    if (!sound) return;
    if (sound.paused) sound.play().catch(() => setBroken(true));
    else sound.pause();
  };
  return { audio, playing, setPlaying, time, setTime, length, setLength, broken, setBroken, seek,
           toggle };
}

function Facts({ piece }: { piece: Piece }) {
  const facts = piece.metadata ?? {};
  const rows: [string, string | undefined][] = [
    [t('key'), facts.key && keyName(facts.key)],
    [t('tempo'), facts.tempo ? t('bpm', { n: facts.tempo }) : undefined],
    [t('metre'), facts.metre],
    [t('form'), facts.form?.split(' ').map(sectionName).join(' · ')],
    [t('instruments'), [...new Set(facts.instruments ?? [])].map(term).join(', ')],
    [t('loudness'), facts.loudnessLufs !== undefined
      ? `${facts.loudnessLufs.toFixed(1)} LUFS` : undefined],
    [t('seed'), piece.request?.seed !== undefined ? String(piece.request.seed) : undefined],
  ];
  return (
    <details class="facts">
      <summary>{t('details')}</summary>
      <dl>
        {rows.filter(([, value]) => value).map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
    </details>
  );
}

function Downloads({ piece }: { piece: Piece }) {
  const name = nameOf(piece);
  return (
    <div class="downloads" role="group" aria-label={t('download')}>
      <Icon name="download" />
      {formats.map((format) => (
        <a key={format} href={`${piece.audioUrl}?format=${format}`} download={fileName(name, format)}
          aria-label={`${t('download')} ${format}`}>{format}</a>
      ))}
      {piece.midiUrl && (
        <a href={piece.midiUrl} download={fileName(name, 'mid')}
          aria-label={`${t('download')}: ${t('midi')}`}>midi</a>
      )}
    </div>
  );
}

function Parts({ sections, length, now, seek }:
               { sections: Section[]; length: number; now: Section | undefined;
                 seek: (to: number) => void }) {
  return (
    <div class="parts" role="group" aria-label={t('parts')}>
      {sections.map((s, i) => (
        <button type="button" key={i} class={s === now ? 'now' : ''}
          style={{ left: `${(s.start / length) * 100}%`,
                   width: `${((Math.min(s.end, length) - s.start) / length) * 100}%` }}
          aria-label={t('jumpTo', { part: sectionName(s.name), at: clock(s.start) })}
          title={sectionName(s.name)} onClick={() => seek(s.start)}>
          <span>{sectionName(s.name)}</span>
        </button>
      ))}
    </div>
  );
}

export function Player({ piece }: { piece: Piece }) {
  const { peaks, failed } = usePeaks(piece.peaksUrl);
  const sound = useSound(piece.metadata?.duration ?? 0);
  const { audio, time, length, seek } = sound;
  const sections = peaks?.sections ?? [];
  const part = at(sections, time);
  const chord = at(peaks?.chords ?? [], time);
  const keys: Record<string, number> = {
    ArrowRight: time + stepSeconds, ArrowUp: time + stepSeconds,
    ArrowLeft: time - stepSeconds, ArrowDown: time - stepSeconds,
    PageUp: time + bigStepSeconds, PageDown: time - bigStepSeconds, Home: 0, End: length,
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const to = keys[e.key];
    if (e.key === ' ') sound.toggle();
    else if (to !== undefined) seek(to);
    else return;
    e.preventDefault();
  };
  return (
    <div class="player">
      <audio ref={audio} src={piece.audioUrl} preload="metadata"
        onPlay={() => sound.setPlaying(true)} onPause={() => sound.setPlaying(false)}
        onEnded={() => sound.setPlaying(false)}
        onSeeked={(e) => sound.setTime(e.currentTarget.currentTime)}
        onLoadedMetadata={(e) => {
          if (Number.isFinite(e.currentTarget.duration)) sound.setLength(e.currentTarget.duration);
        }}
        onError={() => sound.setBroken(true)} />
      <div class="wave">
        <Waveform peaks={peaks} share={length > 0 ? time / length : 0}
          onSeek={(share) => seek(share * length)}
          slider={{
            tabIndex: 0, role: 'slider', 'aria-label': t('position'), 'aria-valuemin': 0,
            'aria-valuemax': Math.round(length), 'aria-valuenow': Math.round(time),
            'aria-valuetext': t('positionText', {
              at: clock(time), of: clock(length), part: part ? sectionName(part.name) : '–' }),
            onKeyDown,
          }} />
        {sections.length > 0 && length > 0 &&
          <Parts sections={sections} length={length} now={part} seek={seek} />}
      </div>
      {failed && <p class="note">{t('waveformMissing')}</p>}
      {sound.broken && (
        <p class="problem" role="alert">{t('audioBroken')}{' '}
          <button type="button" class="quiet" onClick={() => {
            sound.setBroken(false);
            audio.current?.load();
          }}>{t('loadAgain')}</button>
        </p>
      )}
      <div class="controls">
        <button type="button" class="primary round play" onClick={sound.toggle}
          aria-label={sound.playing ? t('pause') : t('play')}
          title={sound.playing ? t('pause') : t('play')}>
          <Icon name={sound.playing ? 'pause' : 'play'} />
        </button>
        <p class="time"><span>{clock(time)}</span> / {clock(length)}</p>
        {chord && <p class="chord"><span>{t('chord')}</span> <b>{chordName(chord.symbol)}</b></p>}
        <label class="volume">
          <span class="hidden">{t('volume')}</span><Icon name="sound" />
          <input type="range" min="0" max="1" step="0.05" defaultValue="1"
            onInput={(e) => { if (audio.current) audio.current.volume = Number(e.currentTarget.value); }} />
        </label>
        <Downloads piece={piece} />
      </div>
      <Facts piece={piece} />
    </div>
  );
}
