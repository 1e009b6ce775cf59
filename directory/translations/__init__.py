"""The translators' room: what is translated into which language, an editor, and XLIFF files out and in."""
