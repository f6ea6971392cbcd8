#include "music/brief/lexicon.hpp"

namespace son1k::music {

const std::vector<mood_word>& mood_words() {
  static const std::vector<mood_word> words = {
      {"happy", 80, 65, "happy|happiness|joyful|joy|cheerful|cheery|merry|glad|jolly|smiling",
       "alegre|alegria|feliz|felicidad|contento|jovial|gozoso|risueno"},
      {"uplifting", 70, 65,
       "uplifting|upbeat|positive|inspiring|inspirational|motivational|optimistic|hopeful|hope|"
       "feel good",
       "inspirador|positivo|motivador|motivacional|optimista|esperanzador|esperanza|animado"},
      {"bright", 60, 60, "bright|sunny|summer|summery|sunshine|light hearted|lighthearted|breezy",
       "brillante|soleado|verano|veraniego|luminoso|sol|playa"},
      {"playful", 65, 60, "playful|funny|quirky|comic|silly|whimsical|bouncy|fun|childlike",
       "jugueton|divertido|gracioso|comico|travieso|infantil"},
      {"triumphant", 70, 85, "triumphant|victorious|victory|glorious|majestic|grand|epic|heroic",
       "triunfal|triunfante|victorioso|glorioso|majestuoso|grandioso|epico|heroico"},
      {"romantic", 40, 40,
       "romantic|love|loving|tender|sensual|sexy|intimate|passion|passionate|sweet",
       "romantico|amor|amoroso|tierno|sensual|intimo|pasion|apasionado|dulce|enamorado"},
      {"calm", 20, 18,
       "calm|calming|peaceful|relaxed|relaxing|chill|chilled|chillout|serene|tranquil|quiet|gentle|"
       "soothing|mellow|laid back|soft|meditative|relax",
       "tranquilo|calmado|calma|relajado|relajante|sereno|pacifico|apacible|suave|quieto|chill|"
       "relax|paz|sosegado"},
      {"dreamy", 15, 25,
       "dreamy|dream|dreamlike|ethereal|floating|hazy|airy|celestial|spacey|space",
       "sonador|sueno|onirico|etereo|flotante|celestial|espacial|espacio"},
      {"nostalgic", -15, 35,
       "nostalgic|nostalgia|wistful|bittersweet|retro|vintage|memories|longing",
       "nostalgico|nostalgia|anoranza|agridulce|retro|recuerdo|vintage"},
      {"melancholic", -55, 28,
       "melancholic|melancholy|melancholia|pensive|blue|moody|rainy|rain|autumn|autumnal",
       "melancolico|melancolia|pensativo|lluvioso|lluvia|otono|otonal"},
      {"sad", -75, 28,
       "sad|sadness|sorrowful|sorrow|mournful|tearful|heartbroken|heartbreak|lonely|depressing|"
       "gloomy|grief",
       "triste|tristeza|doloroso|dolor|llorar|desamor|solitario|soledad|deprimente|lugubre|funebre|"
       "desgarrador"},
      {"dark", -60, 50,
       "dark|sinister|ominous|evil|scary|spooky|horror|creepy|haunting|haunted|gothic|eerie",
       "oscuro|siniestro|tenebroso|terror|miedo|inquietante|gotico|macabro|sombrio"},
      {"tense", -45, 62,
       "tense|tension|suspense|suspenseful|anxious|nervous|dramatic|drama|intense",
       "tenso|tension|suspenso|suspense|ansioso|nervioso|dramatico|intenso"},
      {"mysterious", -30, 40, "mysterious|mystery|enigmatic|mystical|magic|magical|night|nocturnal",
       "misterioso|misterio|enigmatico|mistico|magico|magia|noche|nocturno"},
      {"angry", -55, 92, "angry|anger|furious|aggressive|rage|violent|brutal|fierce",
       "enojado|furioso|agresivo|rabia|ira|violento|brutal|feroz|rabioso"},
      {"energetic", 45, 88,
       "energetic|energy|powerful|driving|dynamic|exciting|hype|wild|explosive|intense|pumping|"
       "workout|party|lively|vigorous|danceable|dancing|dance",
       "energetico|energia|potente|poderoso|energico|dinamico|emocionante|salvaje|"
       "explosivo|fiesta|"
       "fiestero|vivo|bailable|baile|bailar|movido|vigoroso"},
      {"groovy", 40, 62, "groovy|groove|catchy|swinging|cool",
       "con ritmo|pegadizo|pegajoso|sabroso|sabor"},
      {"mellow", 10, 30, "warm|cozy|cosy|smooth|lazy|sleepy|sleep|study|studying|focus|coffee",
       "calido|acogedor|perezoso|dormir|estudiar|concentracion|cafe|hogareno"},
      {"solemn", -20, 35, "solemn|sacred|noble|ceremonial|reverent|spiritual",
       "solemne|sagrado|noble|ceremonial|espiritual"},
      {"neutral", 0, 50, "background|corporate|neutral|minimal|minimalist",
       "fondo|corporativo|neutro|minimalista"},
  };
  return words;
}

}  // namespace son1k::music
