// The theme without the font that it would load: the reader's own is as good.
import DefaultTheme from "vitepress/theme-without-fonts";
import "./style.css";

export default DefaultTheme;
