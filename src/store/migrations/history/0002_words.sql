-- SQLite's form of the index of words: sixteen tables that are used in turn. They keep which rows a
-- word is in and nothing else: no text, no positions, no lengths.
CREATE VIRTUAL TABLE history_words_0 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_1 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_2 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_3 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_4 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_5 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_6 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_7 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_8 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_9 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_10 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_11 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_12 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_13 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_14 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE history_words_15 USING fts5(
  words, content='', columnsize=0, detail=none, tokenize='ascii');
