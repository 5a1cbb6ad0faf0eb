"""The sentences of `generated.py`, by language. `{slot}` stands for a value; QUIET hold none."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Please send the contract to {person}, {address}.",
        "{person} moved from {town} to {town} on {date}.",
        "Ship to:\n{person}\n{address}",
        "Attn: {person}\n{org}\n{address}",
        "My name is {person} and I live at {address}.",
        "Hi {first}, could you call {person} at {org} about order {digits}?",
        "Dear Ms {last},\nthank you for your letter of {date}.",
        "Best regards,\n{person}\n{org}\n{other}",
        "The patient, {person}, was born on {date} in {town}.",
        "I work for {org} in {town}, {country}.",
        "{org} opened an office at {street}.",
        "our new office: {address}",
        "The parcel went to {street} instead of {number} {street_name}.",
        "We met {first} and {first} near {street_name} in {town}.",
        "Is there a pharmacy on {street_name}?",
        "{number} {street_name}",
        "{address}",
        "{person}",
        "{person} <{other}>",
        "Name: {person}\nAddress: {street}\nCity: {town}\nZip: {zip}\nCountry: {country}",
        "name,street,city,zip\n{person},{street},{town},{zip}",
        "| {person} | {org} | {town} | {date} |",
        "What's the postal code of {town}? I think it is {zip}.",
        "can u tell {first} that im in {town} till {date}",
        "I'd like to change my address to {address}, thanks. {first}",
        "She is {nation} and her husband {first} is from {country}.",
        "The {nation} team of {org} flew to {country}.",
        "Many {nation} people live in {town}.",
        "{person}, a {nation} engineer at {org}, will present on {date}.",
        "Interview with {person}, chief executive of {org}.",
        "{last} said that {org} had cut {digits} jobs in {town}.",
        "According to {org}, {person} left {country} in {date}.",
        "{org} has sued {org} over a patent.",
        "Is {org} any good? A friend from {town} recommended it.",
        "I bought it at {org} on {street_name} for ${digits}.",
        "Forwarded by {person}/{word}/{org} on {date}",
        "From: {person}\nTo: {person}\nDate: {date}\nSubject: {word}",
        "My card {other} was charged twice, please refund. {person}",
        "Call me on {other} or visit us at {street}, {town}.",
        "{person}'s passport was issued in {country} on {date}.",
        "Delivery window for {zip} {town}: {date}.",
        "Witness statement of {person}, residing at {address}, made on {date}.",
        "{first} {word} {first} about the {word} in {town}?",
        "It's {first} from {org}, is {first} there?",
        "The drive from {town} to {town} takes {digits} minutes.",
        "Born in {town}, {person} studied in {country}.",
        "Tenant: {person}; property: {address}; start {date}.",
        "I was at {number} {street_name} when it happened.",
        "{country}: {digits}, {country}: {digits}",
        "Flights to {town}, {country} on {date}",
        "{person} ({org}), {person} ({org}), {last}",
        "Where can I park around {street}?",
        "@{word} thx {first}, see you in {town} on {date}!",
        "{first} {last} owes {first} {digits} dollars.",
        "A {org} spokesman, {person}, declined to comment.",
    ),
    "de": (
        "Bitte senden Sie den Vertrag an {person}, {address}.",
        "Sehr geehrte Frau {last},\nvielen Dank für Ihr Schreiben vom {date}.",
        "{person}\n{org}\n{address}",
        "Ich heiße {person} und wohne in der {street}, {zip} {town}.",
        "Mit freundlichen Grüßen\n{person}\n{org}",
        "Herr {last} von der {org} hat am {date} angerufen, Rückruf unter {other}.",
        "Der Patient {person}, geboren am {date} in {town}, klagt über Kopfschmerzen.",
        "Die Lieferung an {street} ist nicht angekommen.",
        "Name: {person}; Anschrift: {address}",
        "{first} zieht von {town} nach {town}.",
        "Sie ist {nation} und arbeitet bei {org} in {country}.",
        "Kannst du {first} fragen, ob {last} am {date} Zeit hat?",
        "Mieter ist {person}, Objekt: {address}.",
    ),
    "fr": (
        "Veuillez envoyer le contrat à {person}, {address}.",
        "Chère Madame {last},\nmerci pour votre lettre du {date}.",
        "{person}\n{org}\n{address}",
        "Je m'appelle {person} et j'habite au {street}, {zip} {town}.",
        "Cordialement,\n{person}\n{org}",
        "Monsieur {last} de la société {org} a appelé le {date}, joindre au {other}.",
        "Le patient {person}, né le {date} à {town}, se plaint de maux de tête.",
        "Le colis destiné au {street} n'est jamais arrivé.",
        "Nom : {person} ; adresse : {address}",
        "{first} déménage de {town} à {town}.",
        "Elle est {nation} et travaille chez {org}, en {country}.",
        "Peux-tu demander à {first} si {last} est libre le {date} ?",
    ),
    "es": (
        "Envíe el contrato a {person}, {address}.",
        "Estimada señora {last}:\ngracias por su carta del {date}.",
        "{person}\n{org}\n{address}",
        "Me llamo {person} y vivo en {street}, {zip} {town}.",
        "Un saludo,\n{person}\n{org}",
        "El señor {last} de {org} llamó el {date}, teléfono {other}.",
        "Paciente: {person}\nFecha de nacimiento: {date}\nDomicilio: {street}",
        "Domicilio: {street}\nLocalidad: {town}\nCP: {zip}",
        "El paquete para {street} no ha llegado.",
        "Nombre: {person}. Dirección: {address}",
        "{first} se muda de {town} a {town}.",
        "Ella es {nation} y trabaja en {org}, en {country}.",
        "¿Puedes preguntar a {first} si {last} tiene tiempo el {date}?",
        "Remitido por: Dr. {person}. Hospital de {town}. {address} ({country})",
    ),
    "it": (
        "Inviare il contratto a {person}, {address}.",
        "Gentile signora {last},\ngrazie per la sua lettera del {date}.",
        "{person}\n{org}\n{address}",
        "Mi chiamo {person} e abito in {street}, {zip} {town}.",
        "Cordiali saluti,\n{person}\n{org}",
        "Il signor {last} di {org} ha chiamato il {date}, telefono {other}.",
        "Il paziente {person}, nato il {date} a {town}, lamenta mal di testa.",
        "Il pacco per {street} non è arrivato.",
        "Nome: {person}; indirizzo: {address}",
        "{first} si trasferisce da {town} a {town}.",
        "Lei è {nation} e lavora per {org} in {country}.",
    ),
    "pt": (
        "Envie o contrato para {person}, {address}.",
        "Cara senhora {last},\nobrigado pela sua carta de {date}.",
        "{person}\n{org}\n{address}",
        "Chamo-me {person} e moro na {street}, {zip} {town}.",
        "Cumprimentos,\n{person}\n{org}",
        "O senhor {last} da {org} ligou em {date}, telefone {other}.",
        "O paciente {person}, nascido em {date} em {town}, queixa-se de dores de cabeça.",
        "A encomenda para {street} não chegou.",
        "Nome: {person}; morada: {address}",
        "{first} muda-se de {town} para {town}.",
        "Ela é {nation} e trabalha na {org}, em {country}.",
    ),
    "nl": (
        "Stuur het contract naar {person}, {address}.",
        "Geachte mevrouw {last},\ndank voor uw brief van {date}.",
        "{person}\n{org}\n{address}",
        "Ik heet {person} en woon aan de {street}, {zip} {town}.",
        "Met vriendelijke groet,\n{person}\n{org}",
        "De heer {last} van {org} belde op {date}, bereikbaar op {other}.",
        "Patiënt {person}, geboren op {date} in {town}, klaagt over hoofdpijn.",
        "Het pakket voor {street} is niet aangekomen.",
        "Naam: {person}; adres: {address}",
        "{first} verhuist van {town} naar {town}.",
        "Zij is {nation} en werkt bij {org} in {country}.",
    ),
    "pl": (
        "Proszę wysłać umowę na adres {person}, {address}.",
        "Szanowna Pani {last},\ndziękuję za list z dnia {date}.",
        "{person}\n{org}\n{address}",
        "Nazywam się {person} i mieszkam przy {street}, {zip} {town}.",
        "Z poważaniem\n{person}\n{org}",
        "Pan {last} z {org} dzwonił {date}, numer {other}.",
        "Pacjent {person}, urodzony {date}, {town}, skarży się na ból głowy.",
        "Paczka na adres {street} nie dotarła.",
        "Imię i nazwisko: {person}; adres: {address}",
        "{first} przeprowadza się: {town}, potem {town}.",
        "Ona jest {nation} i pracuje w {org}, {country}.",
    ),
}

QUIET: dict[str, tuple[str, ...]] = {
    "en": (
        "The meeting about the {word} was moved to room {digits}.",
        "Order {digits} was shipped, tracking {other}.",
        "def {word}(self, {word}): return self.{word}[{digits}]",
        "ERROR {digits} [{word}] Connection to {other} timed out after {digits} ms",
        "INFO Starting {word} worker {digits}",
        "| {word} | {digits} | {digits} |",
        "SELECT {word}, {word} FROM {word} WHERE id = {digits};",
        "Please restart the {word} and check the {word}.",
        "Will the update fix the {word}? May I close the ticket?",
        "import {word}\nclass {word}Handler:\n    pass",
        "The {word} costs {digits} dollars and the {word} is free.",
        "Thanks! I'll mark it as done. Have a good weekend.",
        "Great Food! The Service Was Amazing And The {word} Was Fresh.",
        "{word}: {digits}\n{word}: true\n{word}: null",
        "git commit -m 'Fix {word} in {word}'",
        "Chapter {digits}: The {word} And The {word}",
        "Error: {word} Not Found. Caused by: Null Pointer In {word}",
    ),
    "de": (
        "Die Besprechung über {word} wurde auf Raum {digits} verlegt.",
        "Bestellung {digits} wurde versandt, Sendung {other}.",
        "Bitte {word} neu starten und die Leitung prüfen.",
        "Der Vertrag hat eine Laufzeit von {digits} Monaten, die Kündigung ist möglich.",
        "Vielen Dank für die schnelle Antwort, das Gerät läuft wieder.",
    ),
    "fr": (
        "La réunion sur {word} a été déplacée en salle {digits}.",
        "La commande {digits} a été expédiée, colis {other}.",
        "Merci de redémarrer le serveur et de vérifier {word}.",
        "Le contrat dure {digits} mois et peut être résilié.",
    ),
    "es": (
        "La reunión sobre {word} pasó a la sala {digits}.",
        "El pedido {digits} fue enviado, paquete {other}.",
        "Por favor reinicie el servidor y revise {word}.",
        "Exploración física: abdomen blando, no doloroso. Analítica sin hallazgos de interés.",
    ),
    "it": (
        "La riunione su {word} è stata spostata nella sala {digits}.",
        "L'ordine {digits} è stato spedito, pacco {other}.",
        "Si prega di riavviare il server e controllare {word}.",
    ),
    "pt": (
        "A reunião sobre {word} foi transferida para a sala {digits}.",
        "A encomenda {digits} foi enviada, volume {other}.",
        "Por favor reinicie o servidor e verifique {word}.",
    ),
    "nl": (
        "De vergadering over {word} is verplaatst naar zaal {digits}.",
        "Bestelling {digits} is verzonden, pakket {other}.",
        "Start de server opnieuw en controleer {word}.",
    ),
    "pl": (
        "Spotkanie w sprawie {word} przeniesiono do sali {digits}.",
        "Zamówienie {digits} zostało wysłane, paczka {other}.",
        "Proszę ponownie uruchomić serwer i sprawdzić {word}.",
    ),
}

_TECHNICAL = (  # noqa: SIM905  # a list of words reads better so
    "server Router printer invoice budget roadmap Kubernetes Jenkins backup Cache deployment"
    " Dashboard license Report schedule Parser payload Session Config Widget Camera Warranty"
    " Battery Spring Jackson Madison-theme Paris-release Sydney Phoenix Apache Oracle-driver"
    " Chrome Excel Windows Python Java Docker Postgres Redis Celery Migration Ticket Sprint"
    " Release"
).split()

#: Words that are nobody's name where they stand.
OTHERS: dict[str, tuple[str, ...]] = {
    "en": tuple(_TECHNICAL),
    "de": (*_TECHNICAL, "Rechnung", "Drucker", "Vertrag", "Garantie", "Heizung", "Versand"),
    "fr": (*_TECHNICAL, "facture", "imprimante", "contrat", "garantie", "livraison"),
    "es": (*_TECHNICAL, "factura", "impresora", "contrato", "garantía", "envío"),
    "it": (*_TECHNICAL, "fattura", "stampante", "contratto", "garanzia", "spedizione"),
    "pt": (*_TECHNICAL, "fatura", "impressora", "contrato", "garantia", "envio"),
    "nl": (*_TECHNICAL, "factuur", "printer", "contract", "garantie", "verzending"),
    "pl": (*_TECHNICAL, "faktura", "drukarka", "umowa", "gwarancja", "wysyłka"),
}
#: What a firm may be called after a surname.
KINDS: dict[str, tuple[str, ...]] = {
    "en": ("Inc", "LLC", "Ltd", "Group", "Partners", "Systems", "Bank", "& Sons", "Foundation",
           "Insurance", "Motors", "Records", "University", "Clinic", "Foods", "Consulting"),
    "de": ("GmbH", "AG", "KG", "e.V.", "Versicherung", "Bank", "Klinik", "Werke", "Logistik"),
    "fr": ("SARL", "SA", "SAS", "Assurances", "Conseil", "et Fils", "Banque"),
    "es": ("S.A.", "S.L.", "Seguros", "e Hijos", "Consultores", "Banco"),
    "it": ("S.p.A.", "S.r.l.", "Assicurazioni", "e Figli", "Consulenze"),
    "pt": ("S.A.", "Lda", "Ltda", "Seguros", "e Filhos", "Consultoria"),
    "nl": ("B.V.", "N.V.", "Verzekeringen", "en Zonen", "Advies"),
    "pl": ("S.A.", "sp. z o.o.", "Ubezpieczenia", "i Synowie"),
}  # fmt: skip
#: Companies and authorities that people write about without a legal form.
COMPANIES = (  # noqa: SIM905  # a list of names reads better so
    "Google;Microsoft;Apple;Amazon;Facebook;Enron;Walmart;Siemens;Bosch;Volkswagen;BMW;"
    "Renault;Peugeot;Airbus;Boeing;Lufthansa;Ryanair;Delta Air Lines;United Airlines;FedEx;"
    "UPS;DHL;Pfizer;Novartis;Roche;Bayer;Merck;Sanofi;Unilever;Procter & Gamble;Coca-Cola;"
    "PepsiCo;McDonald's;Starbucks;Home Depot;Target;Costco;Best Buy;Verizon;AT&T;Comcast;"
    "Vodafone;Telefónica;Orange;Deutsche Bank;HSBC;Barclays;Santander;BNP Paribas;"
    "Goldman Sachs;JPMorgan Chase;Citigroup;Wells Fargo;Bank of America;Capital One;"
    "American Express;Visa;Mastercard;PayPal;Allianz;AXA;Exxon Mobil;Shell;BP;Chevron;"
    "Gazprom;General Electric;General Motors;Ford;Toyota;Honda;Sony;Samsung;Intel;IBM;"
    "Oracle;SAP;Cisco;Dell;Nokia;Ericsson;Netflix;Disney;Warner Bros;BBC;CNN;Reuters;"
    "The New York Times;The Guardian;Der Spiegel;Le Monde;El País;NASA;FBI;CIA;NATO;UNESCO;"
    "United Nations;World Bank;European Commission;European Union;Red Cross;"
    "Amnesty International;Greenpeace;Harvard University;Oxford University;Stanford;MIT;"
    "Mayo Clinic;Department of Defense;Ministry of Finance;Supreme Court;Congress;Senate;"
    "Labour Party;Manchester United;Real Madrid;Bayern Munich;Chicago Bulls;"
    "New York Yankees;Boston Red Sox;Dallas Cowboys;Adidas;Nike;Zara;IKEA"
).split(";")
