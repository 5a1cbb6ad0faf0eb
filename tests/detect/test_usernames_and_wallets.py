"""User names without a label of their own, and wallets by their check digits."""

import pytest
from presidio_analyzer import LocalRecognizer

from proxy.detect.recognizers.crypto_wallet import CryptoWalletRecognizer
from proxy.detect.recognizers.username import UsernameRecognizer
from proxy.detect.recognizers.username_of_name import UsernameOfNameRecognizer


def found(recognizer: LocalRecognizer, text: str) -> list[str]:
    return [text[one.start : one.end] for one in recognizer.analyze(text, [], None)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2024-03-02 INFO auth: user=mschmidt ip=10.0.0.3 ok", "mschmidt"),
        ('{"user": "mmueller", "n": 1}', "mmueller"),
        ("sshd[2211]: Accepted publickey for tbauer from 10.2.3.4 port 51422", "tbauer"),
        ("Failed password for invalid user mkowalski from 10.1.1.1", "mkowalski"),
        ("session opened for user jdoe by (uid=0)", "jdoe"),
        ("cat /home/jdoe/.ssh/id_rsa", "jdoe"),
        ("at /Users/alee/dev/app.py", "alee"),
        (r"C:\Users\jsmith\Documents", "jsmith"),
        (r"C:\\Users\\jsmith\\Documents", "jsmith"),
        ("ssh -p 22 d.weber@build7", "d.weber"),
        ("assigned to @mkaya", "mkaya"),
        ("please reset the password for user jkowalski.", "jkowalski"),
        ("user jsmith can't log in", "jsmith"),
        (r"the account CORP\jsmith is locked", "jsmith"),
        ("Ada Quist (Kürzel blauwal, Tel. 12)", "blauwal"),
        ("gebruikersnaam zeehond, toestel 3312", "zeehond"),
        ("please unlock user lhollis (2nd floor)", "lhollis"),
        ("Benutzer pkrause kann sich nicht anmelden", "pkrause"),
        ('l\'utilisateur "mlambert" est bloqué', "mlambert"),
        ("el usuario jgarcia no puede entrar", "jgarcia"),
        ("$ whoami\nt.vandermolen\n$ ls", "t.vandermolen"),
    ],
)
def test_user_names(text: str, name: str) -> None:
    assert name in found(UsernameRecognizer(), text)


@pytest.mark.parametrize(
    "text",
    [
        "user=root uid=0",
        "/home/ubuntu/app and /Users/Shared/x",
        "for user input, by user action",
        "the user interface failed",
        "The user explicitly requested tests. Your plan is ready for user approval.",
        "create_session(user=self.user, login=None)",
        "@property and @Override",
        "ssh git@github.com",
        r"print('USER\name')",
        "el usuario final no puede entrar, der Benutzer selbst kann sich nicht helfen",
        "(login required) or (Benutzername gesperrt)",
        "vul de gebruikersnaam, wachtwoord, en e-mail in",
    ],
)
def test_accounts_of_nobody(text: str) -> None:
    assert found(UsernameRecognizer(), text) == []


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("Fitzgerald Amoako can't log in as famoako today", "famoako"),
        ("bwayne2 is Brunhilde Wayne", "bwayne2"),
        ("Jürgen Köstler hat jkoestler bekommen", "jkoestler"),
        ("Przemysław Szczęsny: pszczesny", "pszczesny"),
        ("jannik feddersen, kürzel jfedders", "jfedders"),
        ("Radboud Kuiper, gebruikersnaam kuiperr", "kuiperr"),
        ("Hooft, Anna: account ahooft", "ahooft"),
    ],
)
def test_a_login_that_is_made_of_a_name(text: str, login: str) -> None:
    assert found(UsernameOfNameRecognizer(), text) == [login]


@pytest.mark.parametrize(
    "text",
    [
        "Sam Hall said that we shall go",
        "jannik feddersen und jfedders",
        "a user name as in User(username=username)",
        "Fitzgerald Amoako" + " and so on" * 80 + " famoako",
    ],
)
def test_words_that_look_like_one(text: str) -> None:
    assert found(UsernameOfNameRecognizer(), text) == []


#: Published sample addresses.
WALLETS = [
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "rN7n7otQDd6FczFgLdSqtcsAUxDkw6fzRH",
    "DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD",
]


@pytest.mark.parametrize("wallet", [*WALLETS, "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"])
def test_wallets(wallet: str) -> None:
    assert found(CryptoWalletRecognizer(), f"send it to {wallet}, thanks") == [wallet]


@pytest.mark.parametrize("wallet", WALLETS)
def test_a_wrong_check_digit_is_no_wallet(wallet: str) -> None:
    wrong = wallet[:-1] + ("z" if wallet[-1] != "z" else "y")
    assert found(CryptoWalletRecognizer(), f"send it to {wrong}, thanks") == []


@pytest.mark.parametrize("text", ["0x" + "ab" * 32, "sha1 " + "ab" * 20, "3" + "a" * 30, "r" * 30])
def test_digests_are_no_wallets(text: str) -> None:
    assert found(CryptoWalletRecognizer(), text) == []
