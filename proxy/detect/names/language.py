"""Which language a text is in, by its script and its function words. Pure.

It decides which name model reads a passage, and whether any can. A text is in another language than
English when that language's words clearly outnumber English ones; in one that no model reads, when
they are more still, for then policy may refuse it. Short texts, code and lists say nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

#: Languages whose names the models know.
READ = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
#: Frequent words that are rare in the other languages.
_WORDS = {
    "en": "the of and to is that for it with you this are was be on not have at by from or we our"
    " my your what can please will an if when how has been which would there he she his her",
    "de": "der die das und ist nicht ich sie mit den dem ein eine einen einem für auf auch sich von"
    " zu wir bitte wird wurde haben hat bei nach zum zur ihre ihr unsere mein oder als wie über im"
    " geehrte sehr vielen liebe seit",
    "fr": "de un le la les des et est une dans pour que qui sur pas vous nous je avec sont au aux"
    " ce cette du par mon ma votre notre bonjour merci il elle été plus ses chez",
    "es": "de un sin o el la los las y es una que en por para con del no su se al como pero mi"
    " usted hola gracias está son le lo más fue ha sus desde este esta",
    "it": "un il la lo gli le e è una che di per con non del della dei sono nel mi ho ha si alla al"
    " buongiorno grazie questo questa come da anche più suo nella",
    "pt": "o os as e é um uma que em de do da dos das para com não por no na se seu sua ao mais foi"
    " está você obrigado olá meu minha ou como são",
    "nl": "de het een en van is niet ik op te dat voor met zijn aan er ook mijn wij bij naar door"
    " deze heeft wordt uw onze geachte beste heer mevrouw om als maar",
    "pl": "w na z nie jest się że o po dla od za przez pan pani proszę oraz który która jak mój"
    " moja są był była ale ze dzień dobry",
    "sv": "och att det som är inte på för med av till jag har den ett han hon vi kan ska om från"
    " eller så här hej tack men var vill hur när skulle mycket också",
    "da": "og at det som er ikke på for med af til jeg har den et han hun vi kan skal om fra eller"
    " så her hej tak men var vil hvordan når skulle meget også blev",
    "nb": "og at det som er ikke på for med av til jeg har den et han hun vi kan skal om fra eller"
    " så her hei takk men var vil hvordan når skulle mye også ble",
    "fi": "ja on ei se että oli hän mutta kun niin kuin myös ovat olen sinä minä voi tai jos mitä"
    " tämä kiitos hei ole vain sekä",
    "cs": "je se že to jako ale tak jsem byl jsou který která nebo při jeho také není bude mám"
    " prosím děkuji dobrý den",
    "hu": "az és hogy nem egy is meg ez van volt csak már mint vagy kell lesz kérem köszönöm azt"
    " ezt nagyon",
    "ro": "și să este nu în cu pe care mai ca sunt din pentru dar sau fost foarte această vă rog"
    " mulțumesc bună",
    "tr": "ve bir bu için ile çok de da ne daha olarak gibi var ama kadar sonra değil benim lütfen"
    " merhaba teşekkür teşekkürler ederim",
    "hr": "je se na da su za što kao nije ili ali koji koja smo sam biti također molim hvala dobar"
    " dan",
    "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada saya ada juga kami bisa"
    " adalah terima kasih tolong",
    "vi": "và là của có không được cho các một trong người này với những đã để khi tôi xin cảm ơn",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_WORD = re.compile(r"[^\W\d_]+")
#: Function words that must have been seen, and how many times those of English.
_FEWEST = 2
_LEAD = 1.5
#: The same for a language that no model reads, and how many times those of any that one does.
_FEWEST_UNREAD = 4
_LEAD_UNREAD = 1.5

#: First word of a letter's Unicode name -> the language that it is mostly used for.
_SCRIPTS = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "TAMIL": "ta",
    "THAI": "th",
}
#: Letters of another script that make a text one in that script, and their share of all letters.
_FEWEST_LETTERS = 8
_SHARE = 0.5
_BEYOND_LATIN = re.compile(
    "[\u0370-\u1dff\u1f00-\u1fff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def clear_language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text whose language is clear; empty if it isn't.

    A script stands for the language that it is mostly used for (`ru` for Cyrillic); one that isn't
    listed is `und`, undetermined, but certainly none of ours.
    """
    if (code := _by_script(text)) is not None:
        return code
    words = (match.group() for match in _WORD.finditer(text.lower()))
    counts = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    best = max(READ, key=lambda language: counts[language])
    other = max(_WORDS, key=lambda language: counts[language])
    if counts[other] >= max(_FEWEST_UNREAD, _LEAD_UNREAD * counts[best]):
        return other
    enough = counts[best] >= _FEWEST
    return best if enough and (best == "en" or counts[best] >= _LEAD * counts["en"]) else ""


def language_of(text: str, otherwise: str = "en") -> str:
    """Return the language of a text, `otherwise` if it isn't clear."""
    return clear_language_of(text) or otherwise


def _by_script(text: str) -> str | None:
    """The language of most letters, if they are in another script than ours."""
    if text.isascii():
        return None
    others = _BEYOND_LATIN.findall(text)
    if len(others) < _FEWEST_LETTERS or len(others) < _SHARE * sum(map(str.isalpha, text)):
        return None
    scripts = Counter(unicodedata.name(letter, "?").split()[0] for letter in others[:200])
    if any(kana in scripts for kana in ("HIRAGANA", "KATAKANA")):
        return "ja"
    return _SCRIPTS.get(scripts.most_common(1)[0][0], "und")
