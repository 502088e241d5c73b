pub struct Palette;
pub struct PaletteChoice;
