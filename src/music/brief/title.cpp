#include "music/brief/choices.hpp"
#include "music/compose/random.hpp"

namespace son1k::music {
namespace {

struct word_list {
  std::vector<std::string> bright, calm, dark;
};

const std::vector<std::string>& by_mood(const word_list& w, const mood_profile& m) {
  return m.valence < -0.2 ? w.dark : m.energy < 0.45 ? w.calm : w.bright;
}

}  // namespace

std::string invent_title(const brief& b) {
  static const word_list adjectives = {
      {"Golden", "Electric", "Open", "Bright", "Wild", "First", "Running", "Summer"},
      {"Quiet", "Slow", "Paper", "Morning", "Silver", "Soft", "Distant", "Sleeping"},
      {"Last", "Empty", "Midnight", "Broken", "Winter", "Fading", "Hollow", "Grey"}};
  static const word_list nouns = {
      {"Avenue", "Sky", "Parade", "Horizon", "Sparks", "Carousel", "Summer", "Signals"},
      {"Garden", "Tide", "Lanterns", "Window", "River", "Clouds", "Letters", "Harbour"},
      {"Rain", "Station", "Rooms", "Echoes", "Streets", "Shadows", "Snow", "Goodbye"}};
  static const word_list spanish_nouns = {
      {"La fiesta", "El camino", "La plaza", "El verano", "La bahía", "El cielo"},
      {"El jardín", "La ventana", "El río", "La marea", "El puerto", "La siesta"},
      {"La lluvia", "El invierno", "La estación", "El silencio", "La noche", "El adiós"}};
  static const word_list spanish_tails = {
      {"de enero", "del sur", "encendida", "de colores", "en flor", "sin final"},
      {"de papel", "del alba", "de plata", "en calma", "de sal", "al alba"},
      {"de ceniza", "del norte", "sin nombre", "de cristal", "de noviembre", "en la niebla"}};
  rng random = rng(b.seed).fork("title").fork(b.prompt);
  if (b.tongue == language::spanish) {
    const std::string noun = random.pick(by_mood(spanish_nouns, b.mood));
    std::string tail = random.pick(by_mood(spanish_tails, b.mood));
    if (tail == "encendida" && noun.substr(0, 2) == "El") tail = "encendido";
    return noun + " " + tail;
  }
  const std::string adjective = random.pick(by_mood(adjectives, b.mood));
  std::string noun = random.pick(by_mood(nouns, b.mood));
  if (noun == adjective) noun = "Light";
  return adjective + " " + noun;
}

}  // namespace son1k::music
