// A question in place of a button, for what cannot be undone.
import { useEffect, useRef } from 'preact/hooks';

interface ConfirmProps {
  question: string;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
}

export function Confirm({ question, yes, no, onYes, onNo }: ConfirmProps) {
  const safe = useRef<HTMLButtonElement>(null);
  useEffect(() => safe.current?.focus(), []);
  return (
    <div class="confirm" role="alertdialog" aria-label={question}
      onKeyDown={(e) => { if (e.key === 'Escape') onNo(); }}>
      <p>{question}</p>
      <div class="buttons">
        <button type="button" class="danger" onClick={onYes}>{yes}</button>
        <button type="button" ref={safe} onClick={onNo}>{no}</button>
      </div>
    </div>
  );
}
