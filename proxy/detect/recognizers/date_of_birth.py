"""Dates of birth: a date is one only beside words that say so.

The words are labels as for identifiers (`labelled`): beside the date, over its column, or as its
key. What people write otherwise is in `date_of_birth_said.py`. An age is no date, and stays.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind, LabelledRecognizer

_LABELS = (
    "born", "born on", "born the", "birth", "birthday", "birth day", "birthdate", "birth date",
    "date of birth",
    "dateofbirth", "dob", "d.o.b.", "bday", "b-day", "date of birth (dd/mm/yyyy)",
    "date of birth (mm/dd/yyyy)",
    "date of birth (yyyy-mm-dd)", "dob (dd/mm/yyyy)", "dob (mm/dd/yyyy)", "day of birth",
    "birth dt", "birth_dt",
    "geb", "geb am", "geboren", "geboren am", "geborene", "geborener", "geburtsdatum",
    "geburtstag", "gebdatum",
    "geb-datum", "gebdat", "geburtsdat", "geburtsdatum (tt.mm.jjjj)",
    "né le", "née le", "né(e) le", "né.e le", "né·e le", "nés le",
    "date de naissance", "date naissance", "date naiss", "naissance", "ddn", "date de naiss",
    "nacido", "nacida", "nacido el", "nacida el", "nacido/a", "nacido/a el", "nacido(a)",
    "nació", "nací",
    "fecha de nacimiento", "fecha nacimiento", "fecha nac", "fecha de nac", "fec nac", "f nac",
    "fnac", "f. nacimiento",
    "nacimiento",
    "nato il", "nata il", "nato/a il", "data di nascita", "data nascita", "nascita",
    "nascido", "nascida", "nascido em", "nascida em", "nascido(a)", "nasceu",
    "data de nascimento", "data nascimento", "data nasc", "data de nasc", "dt nasc",
    "dt nascimento", "nascimento",
    "d.n.", "nasc",
    "geboren op", "geboortedatum", "geb op", "geboortedag", "geb dat", "geboortedat",
    "urodzony", "urodzona", "urodzony/a", "urodzonego", "urodzonej", "urodzonym", "ur",
    "ur w dniu", "data urodzenia",
    "data ur", "urodzenia", "dataurodzenia", "urodzony dnia", "urodzona dnia",
    "född", "född den", "födelsedatum", "født", "født den", "fødselsdato", "fødselsdag",
    "syntymäaika", "syntynyt",
    "narozen", "narozena", "datum narození", "nar", "dátum narodenia", "született", "születési idő",
    "data nașterii", "datum rođenja",
)  # fmt: skip

MONTHS = (
    # English, German, French, Spanish, Italian, Portuguese, Dutch, Polish
    "january february march april may june july august september october november december"
    " januar jänner februar märz mai juni juli oktober dezember"
    " janvier février mars avril juin juillet août septembre octobre novembre décembre fevrier"
    " aout decembre"
    " enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre"
    " diciembre"
    " gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre"
    " janeiro fevereiro março maio junho julho setembro outubro novembro dezembro"
    " januari februari maart mei augustus"
    " stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada"
    " grudnia"
    " jan feb mar mär apr jun jul aug sep sept oct okt nov dec dez janv fév févr avr juil déc"
    " ene abr ago set out dic gen mag giu lug ott mrt sty lut kwi maj cze lip sie wrz paź lis gru"
)  # fmt: skip
_MONTH = rf"(?:{'|'.join(sorted(set(MONTHS.split()), key=len, reverse=True))})\.?"
_D = r"(?:0?[1-9]|[12]\d|3[01])"
_M = r"(?:0?[1-9]|1[0-2])"
FULL_YEAR = r"(?:18|19|20)\d\d"
_YEAR = rf"(?:{FULL_YEAR}|['\u2019]?\d\d)"
#: Complete dates in words and digits, of whose groups each has a name.
DATE = (
    rf"(?:{FULL_YEAR}(?P<a>[-/.]){_M}(?P=a){_D}"
    rf"|{_D}(?P<b>[-/.]|\.[ ]|[ ][-/.][ ]){_M}(?P=b){_YEAR}"
    rf"|{_M}(?P<c>[-/.]|[ ][-/.][ ]){_D}(?P=c){_YEAR}"
    rf"|{_D}(?:st|nd|rd|th|er|º|°|ª|\.)?[ -]?(?:of[ ]|de[ ]|del[ ])?{_MONTH}(?:[ ]de"
    rf"|[ ]del)?,?[ -]?{_YEAR}"
    rf"|{_MONTH}[ -]{_D}(?:st|nd|rd|th)?,?[ -]{_YEAR}"
    rf"|{FULL_YEAR}[ -]{_MONTH}[ -]{_D}"
    rf"|{FULL_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
)
#: Digits without separators, which only a label can tell from other numbers.
_DAY_MONTH = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BARE = rf"(?:{_DAY_MONTH}|{_MONTH_DAY}){FULL_YEAR}"

DATES_OF_BIRTH = (Kind("DATE_OF_BIRTH", _LABELS, beside=DATE, assigned=_BARE),)


class DateOfBirthRecognizer(LabelledRecognizer):
    """Finds DATE_OF_BIRTH by its label."""

    NEEDS = (frozenset({"00"}),)

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(DATES_OF_BIRTH, supported_language, "DateOfBirthRecognizer")
