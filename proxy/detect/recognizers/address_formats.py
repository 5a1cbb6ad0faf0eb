"""What addresses are made of, in some twenty countries: words for streets, units and postcodes.

Sources: Universal Postal Union, "Postal addressing systems" (one sheet per country), and the
national posts' own pages. Fragments are strings, so that they can be put together; every repetition
in them is bounded.
"""

from __future__ import annotations

#: Capital letters of the languages here, for use inside a character class.
CAPITAL = "A-ZÀ-ÖØ-ÞĄĆČĎĐĘĚĞİĽŁĹŃŇŐŘŚŞŠŤŮŰŹŻŽŶŴ"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: A street begins with one of these (folded: no accents, lower case, no full stop).
FIRST = _words(
    "rue avenue boulevard bd bld blvd chemin impasse allee allees quai faubourg fbg ruelle sentier"
    " esplanade traverse montee"  # French
    " c/ calle avenida avda av avd avgda ave carrer carretera ctra paseo pso rambla ronda glorieta"
    " travesia calzada bulevar cuesta callejon cl urbanizacion plza pza"  # Spanish, Catalan
    " viale v.le piazza p.zza piazzale vicolo strada borgo lungomare lungotevere contrada"
    " viuzza salita calata"  # Italian
    " rua travessa praca alameda estrada rodovia largo calcada ladeira azinhaga"  # Portuguese
    " ul ulica ulice aleja aleje al os osiedle pl plac namesti nam trida tr nabr nabrezi"  # Slavic
    " strasse platz"  # German: Straße des 17. Juni 135
    " heol ffordd"  # Welsh
    " utca str bulevardul strada soseaua calea"  # Romanian
)
#: As above, but ordinary words too, so that more must speak for a street.
FIRST_WEAK = _words(
    "via place plaza corso cours square route passage camino villa largo c cra cr cl str os al pl"
    " bd"
    " tr nam p.za"
)
#: Words in a street's name that have no capital.
PARTICLES = _words(
    "de del della delle dello dei degli di da das do dos du des la le les los las el y e et d l en"
    " aux au of the der dem den des am an im zum zur van von ter ten op het i nad na pod sv św"
    " san santa sao nº"
)
#: A street ends in one of these, in one word or two (folded). Compounds need nothing more.
LAST = (
    "strasse", "str", "gasse", "gasschen", "allee", "weg", "chaussee", "twiete",
    "straat", "laan", "gracht", "plein", "steenweg", "kade", "singel", "dreef",
    "gatan", "vagen", "grand", "stigen", "veien", "gade", "vej", "straede", "gata",
    "namesti", "nabrezi", "trida", "ulice",
    "katu", "kuja", "utca", "street", "road", "avenue", "boulevard", "blvd",
)  # fmt: skip
#: As above, but ends of other words too.
LAST_WEAK = (
    "platz", "ring", "damm", "ufer", "steig", "stieg", "graben", "markt", "hof", "wall", "zeile",
    "winkel", "pfad", "promenade", "kai", "kamp", "berg", "tor", "brucke", "park", "feld", "dijk",
    "steeg", "pad", "lei", "baan", "hage", "torget", "plads", "plass", "torv", "gate", "vei",
    "alle",
    "tie", "polku", "tori", "bakken", "haven", "garten", "siedlung", "rain", "halde", "acker",
    "drive", "lane", "terrace", "crescent",
)  # fmt: skip
#: Words that end like a street and are none.
NO_STREETS = _words(
    "brigade renegade upgrade downgrade arbeitsplatz sitzplatz stellplatz spring string monitoring"
    " rain train terrain inroad railroad broad abroad drive"
    " navigate gate aggregate investigate delegate mitigate propagate segregate park tie alle"
    " rechnung bericht bahnhof hof ring markt berg tor feld during bring engineering"
    " anstatt umweg rueckweg brand grand"
)
#: Words before a German street's name: Am Alten Ufer 17a, Hinterm Deich 8.
ON = _words("am an auf im in hinter hinterm vor vorm unter unterm zum zur bei beim")
#: Capitalised words that stand before numbers and are no streets.
COUNTED = _words(
    "node disk drive worker active pending max shard thread pool task job batch core cpu queue"
    " attempt"
    " retry retries limit size offset index row column day week month year today since from until"
    " copyright vol volume issue lot game round season score over under about approximately around "
    "total order page version step chapter section figure table item items room line port no number"
    " invoice ticket case type level part phase rev revision build release test windows java python"
    " january february march april may june july august september october november december januar"
    " februar marz mai juni juli oktober dezember article artikel art seite kapitel abschnitt figur"
    " tabelle rechnung auftrag bestellung nummer nr page numero facture commande pagina capitulo"
    " factura pedido anexo annex appendix exhibit schedule clause paragraph bus zimmer raum gate"
    " flight highway route interstate group team error code exit status id pid tel fax phone mobil"
    " mobile telefon telefono telefone top apt suite unit flat rm floor geb dob ca max min"
)

#: English words at the end of a street's name; the second group consists of ordinary words too.
ENGLISH = (
    r"street|st|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|terrace|crescent|cres|gardens|gdns"
    r"|grove|mews|parkway|pkwy|hwy|turnpike|tpke|broadway|causeway|embankment|esplanade|expressway"
    r"|freeway|promenade"
)
ENGLISH_WEAK = (
    r"dr|court|ct|place|pl|square|sq|ter|way|close|row|hill|park|highway|circle|cir|trail|trl|loop"
    r"|alley|walk|wharf|quay|parade|pde|pike|plaza|plz|green|rise|view|vale|point|ridge|run"
    r"|crossing|common|cove|landing|heights|hts|bend|path|yard|croft|drove|fields|meadow|meadows"
    r"|glen|dale|end|side|cottages|villas|buildings|strand|mall|motorway|track|pass|bypass"
)
COMPASS = r"(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?"

#: A house number: 12, 12a, 12 bis, 12-14, 12/4, 214-II, 1/2.
NUMBER = (
    r"\d{1,5}(?:[ ]?(?:bis|ter|quater)\b|[ ]?[A-Za-z](?![\w'\u2019]))?"
    r"(?:(?:[ ]?[-\u2013/+][ ]?\d{1,4}[A-Za-z]?(?![\w])){1,2}(?!-)|/[A-Z]\b|-[IVX]{1,4}\b"
    r"|[ ]1/2\b)?"
)
#: What may not follow a number that counts houses.
NOT_COUNTED = r"(?![\w%€$£°@]|[.,:]\d|[-/]\d|[ ]?(?:%|€|EUR\b|USD\b|km\b|kg\b|mg\b|ml\b|am\b|pm\b))"
#: Words for "number" between a street and it.
NUMBER_WORD = r"(?:(?:n[º°o]\.?|n\.[º°]|n\.|nr\.?|num\.?|núm\.?|número|numero|km|č\.p\.|č\.)[ ]?)"

#: A line's end, also where it is written as `\n` or `<br>`.
_BREAK = r"(?:\\n|\r?\n|<br[ ]?/?>)"
#: What stands between the parts of an address: a comma, a dot in the middle, a line's end, a space.
JOINT = (
    rf"(?:[ ]{{0,2}}(?:[,·•|.]|[-\u2013](?=[ ]))[ ]{{0,3}}{_BREAK}?|[ ]{{0,2}}{_BREAK}|[ ])"
    r"[ \t>*]{0,16}"
)
#: What makes a unit of a house: Apt 4B, 3º B, Bât. C, 2. tv, bus 3, Top 5.
UNIT = (
    r"(?:(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|block|top|tür|stiege"
    r"|whg|wohnung|etage|stock|piso|planta|pta|puerta|esc|escalera|bloque|bl|portal|bât|bâtiment"
    r"|bat"
    r"|appt|appartement|étage|bte|boîte|bus|interno|int|scala|sc|piano|apto|apartamento|bloco|andar"
    r"|sala|cj|m|lok|mieszkanie|lgh|lejl|level|shop|lot|app)"
    r"\b\.?[ ]?\#?(?:n[º°o]\.?[ ]?)?(?:\d{1,5}(?:[-/]?[A-Z])?|[A-Z]\d{0,4})\b(?:[-/]\d{1,4})?"
    r"|\#[ ]?\w{1,6}"
    r"|\d{1,2}\.?[ ]?(?:º|ª|°|er|ème|e|st|nd|rd|th|o\b)\.?(?:[ ]?(?:étage|floor|piso|andar|planta|"
    r"(?:dcha|derecha|izquierda|izqda|izda|izq|dto|dta|drt|esq|esqdo|int|ext|fte|frente"
    r"|puerta)\b\.?"
    r"|[A-H]\b|[-\u2013]?[ ]?\d?[A-Z]\b))?"
    r"|\d{1,2}\.[ ]?(?:tv|th|mf|sal|og|stock|etage|st)\b\.?|st\.[ ]?(?:tv|th|mf)\b|(?:EG|OG|DG|HH"
    r"|VH)\b"
    r"|(?:bajo|ático|principal|rés[ ]do[ ]chão|r/c)\b(?:[ ][A-H]\b)?|P?\d{1,2}[ ,]{0,2}\d?[A-H]\b)"
)

_NAME = rf"(?:(?:St|Ste|Bad|São)\.?[ ])?[{CAPITAL}][\w'\u2019\u00b4-]{{1,24}}"
#: Words after a town that don't belong to it.
_NO_TOWN = (
    r"(?!(?:Tel|Tél|Telefon|Téléphone|Teléfono|Phone|Fax|Mobile?|Mob|Cell|E-?[Mm]ail|Mail|Email"
    r"|Dr|Mr"
    r"|Mrs|Ms|Herr|Frau|Mme|Sr|Sra|Pan|Pani|DOB|SSN|NHS|IBAN|BSN|CPF|NIF|PESEL|Geb|Web|Ihr|Sehr"
    r"|Dear"
    r"|Date|Datum|Attn|The|This|He|She|They|We|You|It|And|But|Please|Thanks?|Room|Apt|Suite|Nr|No"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|ID|USt|HRB|Reg|VAT|Inc|Ltd|LLC"
    r"|CEP|CP|PLZ|ZIP|PO|Code|GmbH|AG|T|M|F|P)\b)"
)
_JOINED = (
    r"(?:[ -]|[ ]?/[ ]?)(?:(?:am|an|der|de|del|della|do|da|dos|das|di|la|le|les|los|las|el|sur"
    r"|sous|en"
    r"|im|in|bei|ob|upon|on|of|the|by|lès|aan|den|op|d')[ -]){0,2}"
)
#: A town: one to four capitalised words with what joins them.
TOWN = rf"{_NO_TOWN}{_NAME}(?:{_JOINED}{_NO_TOWN}[{CAPITAL}][\w'\u2019\u00b4-]{{0,24}}){{0,3}}"

#: Postal areas of the United Kingdom.
_AREA = (
    r"(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]"
    r"|I[GMPV]|JE"
    r"|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]"
    r"|UB|W[ACDFNRSV]?|YO|ZE)"
)
UK = rf"{_AREA}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{{2}}"
CANADA = r"[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d"
IRELAND = r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ ]?[0-9AC-FHKNPRTV-Y]{4}"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI"
    r"|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY])"
)
_PROVINCE = r"(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT)"
_AUSTRALIA = r"(?:NSW|VIC|QLD|SA|WA|TAS|NT|ACT)"
_BRAZIL = r"(?:A[CLMP]|BA|CE|DF|ES|GO|M[AGST]|P[ABEIR]|R[JNORS]|S[CEP]|TO)"
_CEP = r"(?:CEP:?[ ]?)?\d{5}-\d{3}"
_ZIP = r"\d{5}(?:-\d{4})?"
#: Four to six digits before a town, with a country's letter before them or none.
_COUNTRY = r"(?:(?:DE|AT|CH|FR|BE|LU|NL|ES|IT|PL|CZ|SK|DK|SE|NO|FI|PT|D|A|F|B|L|E|I|S|N)[- ]{1,2})?"
_DIGITS_FIRST = (
    r"(?:\d{4,5}-\d{3}|\d{2}-\d{3}|\d{3}[ ]\d{2}|\d{5}|\d{4}[ ]?[A-Z]{2}\b|\d{4})(?![\w:-])"
)
CP = r"(?:CEP|CP|C\.P\.|PLZ|CAP)?:?[ ]?"

#: Postcode and town as the country writes them; nothing else looks like these.
CLOSED = (
    rf"(?:(?:{TOWN},?[ ])?{UK}(?!\w)"
    rf"|{TOWN},?[ ]{_STATE},?[ ]{{1,2}}{_ZIP}(?![\w-])"
    rf"|{TOWN},?[ ]\(?{_PROVINCE}\)?,?[ ]{{1,2}}{CANADA}(?!\w))"
)
#: Its postcode, to look for; those of the Americas with what names the state.
CLOSED_CODE = (
    rf"(?:{UK}(?!\w)|{_STATE},?[ ]{{1,2}}{_ZIP}(?![\w-])"
    rf"|\(?{_PROVINCE}\)?,?[ ]{{1,2}}{CANADA}(?!\w))"
)
#: Postcode, then town, in digits that other things have too: after a street, or under a label.
POSTCODE_TOWN = (
    rf"{CP}{_COUNTRY}{_DIGITS_FIRST},?[ ]{TOWN}(?:[ ]\d{{1,2}}\b(?!\.?\d))?"
    rf"(?:[ ]?\([{CAPITAL}][\w .-]{{1,24}}\)|[ ][A-Z]{{2}}\b)?"
)
#: All such forms, town first included. Four digits behind a town need a comma before it.
OPEN = (
    rf"(?:{POSTCODE_TOWN}"
    rf"|{TOWN}(?:,[ ]|[ ]|[ ]?[-\u2013/][ ]?){_BRAZIL}(?:,?[ ]|[ ]?[-\u2013][ ]){_CEP}"
    rf"|(?<![\w.)][ ]){TOWN},?[ ](?:{_AUSTRALIA}[ ]\d{{4}}|(?!19|20)\d{{4}})(?![\w:-]|[.,]\d"
    rf"|[ ][{CAPITAL}][a-z])"
    rf"|{TOWN},?[ ](?:{TOWN},?[ ])?(?:{_ZIP}|{_CEP}|{CANADA}|{IRELAND})"
    rf"(?![\w-]|[.,]\d|[ ][{CAPITAL}][a-z]))"
)
#: A town alone, which may only end an address.
TOWN_ONLY = (
    rf"{TOWN}(?:[ ]?[-/][ ]?{_BRAZIL}|,?[ ](?:{_STATE}|{_PROVINCE}|{_AUSTRALIA}))?"
    r"(?=[ ]?(?:[.,;)?!\"'\\<\]]|\r?\n|\Z| \())"
)
#: What is delivered to a box instead of a house. Those of the second group need a town.
BOX = (
    r"(?:P\.?[ ]?O\.?[ ]?Box|Post[ ]Office[ ]Box|GPO[ ]Box|Private[ ]Bag|Postfach|Postbus"
    r"|Apartado(?:[ ]de[ ][Cc]orreos)?|Apdo\.|Casella[ ][Pp]ostale|Caixa[ ][Pp]ostal"
    r"|Bo[iî]te[ ][Pp]ostale|[Ss]kr(?:ytka|\.)[ ]poczt(?:owa|\.)|Postboks)"
)
BOX_WEAK = r"(?:BP|B\.P\.|CP|Box|CS)"
BOX_NUMBER = rf"[ ]{NUMBER_WORD}?\d(?:[ ]?\d){{1,7}}(?!\d)"

#: Postcodes as values of a field that is called so.
POSTCODE = (
    rf"{UK}|{_AREA}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{{2}}|{CANADA}|{IRELAND}|\d{{5}}-\d{{3,4}}"
    rf"|\d{{4}}-\d{{3}}"
    r"|\d{2}-\d{3}|\d{3}[ ]\d{2}|\d{4}[ ]?[A-Z]{2}|\d{4,6}"
)
