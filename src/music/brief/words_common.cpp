#include "music/brief/lexicon.hpp"

namespace son1k::music {

const std::vector<tempo_word>& tempo_words() {
  static const std::vector<tempo_word> words = {
      {46, 0, "grave", ""},
      {50, 0, "largo", ""},
      {60, 0, "larghetto", ""},
      {68, 0, "adagio", ""},
      {84, 0, "andante", ""},
      {92, 0, "andantino", ""},
      {106, 0, "moderato", ""},
      {114, 0, "allegretto", ""},
      {132, 0, "allegro", ""},
      {158, 0, "vivace", ""},
      {178, 0, "presto", ""},
      {200, 0, "prestissimo", ""},
      {0, -1, "slow|slowly|slow tempo|downtempo|slow paced|very slow",
       "lento|lenta|despacio|pausado|tempo lento|muy lento|ritmo lento"},
      {0, 0, "mid tempo|midtempo|medium tempo|moderate|moderate tempo|medium",
       "medio tiempo|tempo medio|moderado|ritmo medio"},
      {0, 1, "fast|quick|uptempo|up tempo|upbeat|fast paced|rapid|speedy|fast tempo|very fast",
       "rapido|rapida|veloz|acelerado|ritmo rapido|muy rapido|tempo rapido|movidito"},
  };
  return words;
}

const std::vector<mode_word>& mode_words() {
  static const std::vector<mode_word> words = {
      {mode::major, "major|ionian|major key|major mode|maj", "mayor|jonico|modo mayor|tono mayor"},
      {mode::minor, "minor|aeolian|minor key|minor mode|min", "menor|eolico|modo menor|tono menor"},
      {mode::dorian, "dorian|dorian mode", "dorico|dorio|modo dorico"},
      {mode::phrygian, "phrygian|phrygian mode", "frigio|modo frigio"},
      {mode::lydian, "lydian|lydian mode", "lidio|modo lidio"},
      {mode::mixolydian, "mixolydian|mixolydian mode", "mixolidio|modo mixolidio"},
  };
  return words;
}

const std::vector<small_word>& small_words() {
  static const std::vector<small_word> words = {
      {small::negator,
       "no|without|not|minus|except|excluding|avoid|dont use|do not use|never|non|free "
       "of|lacking|remove",
       "no|sin|ni|excepto|menos|evita|evitar|nada de|salvo|tampoco|ningun|ninguna|quita"},
      {small::lead, "lead|solo|melody|soloist|leading|main",
       "solo|solista|melodia|principal|lider"},
      {small::accompaniment, "accompaniment|background|backing|chords|rhythm",
       "acompanamiento|acordes|fondo"},
      {small::soft, "soft|softly|gentle|quiet|subtle|light|delicate|mellow|sparse",
       "suave|suavemente|ligero|delicado|sutil|discreto|tenue"},
      {small::loud, "loud|heavy|strong|big|punchy|hard|prominent|powerful|huge|massive",
       "fuerte|pesado|potente|contundente|prominente|grande"},
      {small::only, "only|just|just a|just the|solely|unaccompanied|nothing but",
       "solamente|unicamente|nada mas que|a solas"},
      {small::vocals, "vocals|vocal|voice|singing|sung|singer|lyrics|sing|rapper",
       "voz|vocal|vocales|cantado|cantar|cantante|letra|canto"},
      {small::joiner, "and|or|nor|plus|&|along with", "y|o|e|u|ni|ademas de"},
      {small::filler,
       "any|a|an|the|of|in|on|at|to|for|from|by|with|is|are|it|its|this|that|my|me|i|we|you|your|"
       "some|"
       "very|really|bit|"
       "little|more|most|less|song|songs|music|track|piece|tune|beat|beats|loop|instrumental|make|"
       "create|generate|"
       "compose|write|give|want|need|would|like|please|something|about|around|approximately|feel|"
       "feeling|vibe|vibes|"
       "mood|style|sound|sounds|sounding|genre|tempo|key|bpm|time|signature|featuring|feat|using|"
       "use|based|kind|"
       "type|inspired|over|into|as|be|has|have|having|but|also|so|then|long|length|duration|"
       "lasting|seconds|"
       "minutes|let|s|all|one|theme|arrangement|version|rhythm|rhythms|short|full|good|nice|"
       "beautiful|lovely|tone|"
       "melodic|harmony|lots|lot|touch|hint|bars|metre|meter|which|where|when|while|will|can|"
       "should|and a|bed",
       "un|una|unos|unas|el|la|los|las|lo|de|del|al|a|en|con|para|por|que|es|son|se|su|sus|mi|mis|"
       "tu|me|te|muy|"
       "mas|algo|como|cancion|canciones|musica|tema|pieza|pista|melodico|instrumental|haz|hazme|"
       "crea|crear|genera|"
       "generar|compon|componer|quiero|quisiera|necesito|dame|favor|estilo|tipo|sonido|genero|"
       "tempo|tono|tonalidad|"
       "compas|ritmo|ritmos|ambiente|aire|sensacion|estado|animo|duracion|dure|durar|larga|largo "
       "de|corto|corta|"
       "unos|aproximadamente|alrededor|sobre|bonito|bonita|lindo|bello|hermoso|hermosa|buen|bueno|"
       "toque|toques|"
       "segundos|minutos|velocidad|pulsaciones|tiempo|tiempos|hecho|hecha|usando|usa|tenga|sea|"
       "donde|cuando|poco|"
       "bastante|todo|toda|versus|inspirado|basado|arreglo|base|acorde|pulso"},
  };
  return words;
}

}  // namespace son1k::music
