"""Passwords and keys that something calls so: settings, code, shells, tables, prose."""

from collections.abc import Callable

import pytest

from proxy.detect.recognizers.high_entropy import looks_random
from proxy.detect.recognizers.placeholders import is_example, stands_for_nothing

Find = Callable[..., list[tuple[str, str]]]

RANDOM = "k9f3a7d2b8e1c6f4h0j5"
HEX = "8f14e45fceea167a5a36dedd4bea2543"


@pytest.mark.parametrize("value", ["hunter22", "S0mmer!24", "p4ss-w0rd", "Xy7#kQ2$"])
@pytest.mark.parametrize(
    "text",
    [
        "password: {}",
        "export DB_PASSWORD={}",
        "ENV DB_PASSWORD {}",
        "spring.datasource.password={}",
        '{{"user": "jdoe", "password": "{}"}}',
        '{{\\"password\\": \\"{}\\"}}',
        '{{"name": "DB_PASSWORD", "value": "{}"}}',
        "  - name: DB_PASSWORD\n    value: {}",
        "<password>{}</password>",
        '<add key="DbPassword" value="{}"/>',
        "const password = '{}';",
        'passwd := "{}"',
        "'password' => '{}',",
        'char password[25] = "{}";',
        'if (password == "{}") {{',
        'if ("{}" == password) {{',
        "ALTER USER bob WITH PASSWORD '{}';",
        "CREATE USER 'bob'@'%' IDENTIFIED BY '{}';",
        "INSERT INTO users (name, password) VALUES ('jdoe', '{}');",
        "Server=db;Uid=app;Pwd={};",
        "mysql --password={} -u root",
        "Connect-VIServer srv -User bob -Password {}",
        "https://x.example.com/?user=bob&password={}&next=1",
        "user,email,password\njdoe,j@example.com,{}\n",
        "| System | Passwort |\n|---|---|\n| VPN | {} |\n",
        "**Password:** {}",
        "Admin password (temporary): {}",
        "I have reset his password to {}, please tell him.",
        "Login: jdoe / {}",
        "login with user jdoe and password {}",
        "Das Passwort für das Portal lautet: {}",
        "le mot de passe est {}",
        "Mot de passe : {}",
        "la contraseña es {}",
        "la password è {}",
        "a senha é {}",
        "het wachtwoord is {}",
        "hasło to {}",
        "mit dem Passwort {}",
    ],
)  # fmt: skip
def test_what_is_called_a_password(find: Find, text: str, value: str) -> None:
    assert ("PASSWORD", value) in find(text.format(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DB_PASSWORD=letmeinplease", "letmeinplease"),
        ('password: "correct horse battery staple"', "correct horse battery staple"),
        ("The WiFi password is “sunflower7”.", "sunflower7"),
        ("Password: sunshine\n", "sunshine"),
        ("Jenkins password:\n\n0a1b2c3d4e5f60718293a4b5c6d7e8f9\n", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("mysql -u root -pS3cret99 mydb", "S3cret99"),
        ("curl -X POST \\\n  -u admin:s3cr3tP4ss https://x.example.com", "s3cr3tP4ss"),
        ("curl --user 'api:Kq7vRw2!mZ' https://x.example.com", "Kq7vRw2!mZ"),
        ("docker login -u bob -p hunter2xyz registry.example.com", "hunter2xyz"),
        ("sshpass -p 'hunter22' ssh root@10.0.0.1", "hunter22"),
        ("redis-cli -h redis -a hunter22", "hunter22"),
        ("sqlcmd -S srv -U sa -P Str0ng!Pass", "Str0ng!Pass"),
        ("net use Z: \\\\srv\\share P4ssw0rd! /user:CORP\\bob", "P4ssw0rd!"),
        ("openssl rsa -in k.pem -passin pass:hunter22", "hunter22"),
        ("psql postgresql://app:Xy7!kQ2@db.internal:5432/prod", "Xy7!kQ2"),
        ("app:Xy7!kQ2@tcp(db:3306)/prod", "Xy7!kQ2"),
        ("sqlplus scott/T1ger99@orcl", "T1ger99"),
        ("machine api.example.com login bob password hunter22", "hunter22"),
        ('new NetworkCredential("bob", "hunter22")', "hunter22"),
        ("BUNDLE_GEMS__EXAMPLE__COM: bob:hunterhunter", "hunterhunter"),
        ("DB_PASS_PROD=hunter22", "hunter22"),
        ("root:$6$saltsalt$" + RANDOM * 2 + ":19000:", "$6$saltsalt$" + RANDOM * 2),
    ],
)  # fmt: skip
def test_passwords_where_they_are_used(find: Find, text: str, value: str) -> None:
    assert ("PASSWORD", value) in find(text)


@pytest.mark.parametrize(
    "text",
    [
        "api_key = '{}'",
        "X-Api-Key: {}",
        "Authorization: Token {}",
        '"clientSecret": "{}"',
        "my api key is {} please help",
        "export MAPS_TOKEN={}",
        'System.setProperty("MAPS_TOKEN", "{}")',
        "https://x.example.com/?access_token={}&a=1",
        "service\tapi_key\nmaps\t{}\n",
        "mailgun_key: {}",
        "curl -H 'Authorization: Api-Token {}' https://x.example.com",
    ],
)
@pytest.mark.parametrize("value", [RANDOM, HEX])
def test_random_values_under_telling_labels(find: Find, text: str, value: str) -> None:
    assert ("API_KEY", value) in find(text.format(value))


@pytest.mark.parametrize(
    "text",
    [
        "| Field | Value |\n|---|---|\n| User | jdoe |\n| Password | {} |\n",
        "| **Admin password** | `{}` | of the old host |",
        "| password | {} |\n|---|---|\n",
        "|prod|DB_PASSWORD|{}|",
        "field,value\nuser,jdoe\npassword,{}\n",
        "user;jdoe\npassword;{}\n",
        "user: jdoe, {} (password)",
        "Use '{}' as the password.",
        "{} is my new password, I think.",
        "{} ist das neue Passwort.",
        "{} est le mot de passe.",
    ],
)
@pytest.mark.parametrize("value", ["kestrel!11Xq", "hunter22x"])
def test_a_password_in_its_labels_row_or_before_it(find: Find, text: str, value: str) -> None:
    assert find(text.format(value)) == [("PASSWORD", value)]


@pytest.mark.parametrize(
    "text",
    [
        "| password | string | yes |",
        "| Password | Email |\n|---|---|\n",
        "| password | varchar(255) |",
        "| Password | 12-character |",
        "| github | 8f14e45fceea167a5a36dedd4bea2543 |",
        "password,email,name\n",
        "OAuth2 (password), 2024-11 is the password change",
        "jane (password), a login as the password",
        "v1.2.3 is the password manager, v2 as the password policy",
    ],
)
def test_a_row_that_only_speaks_of_passwords(find: Find, text: str) -> None:
    assert not {"PASSWORD", "API_KEY"} & set(dict(find(text)))


def test_a_key_in_its_labels_row_or_before_it(find: Find) -> None:
    for text in ("| API key | {} |", "| github token | {} |", "{} is our API key."):
        assert find(text.format(RANDOM)) == [("API_KEY", RANDOM)]


def test_base64_with_its_padding_is_no_word(find: Find) -> None:
    for text in (
        "password: {}",
        "My password is {}, please update it.",
        "user\tjdoe\npassword\t{}\n",
        "| password | {} |",
        "Is {} (password) right?",
    ):
        assert find(text.format("dGhlcGFzc3dvcmRpcw==")) == [("PASSWORD", "dGhlcGFzc3dvcmRpcw==")]


@pytest.mark.parametrize(
    "text", ['secret "{}";', 'std::string secret("{}");', 'secret.assign("{}", 13);']
)
def test_a_quoted_value_right_behind_its_label(find: Find, text: str) -> None:
    assert find(text.format("pa#ss{wo$rd}x")) == [("API_KEY", "pa#ss{wo$rd}x")]
    assert find(text.format("words.alone?")) == []


def test_the_pair_of_the_documentation_counts(find: Find) -> None:
    """AWS's own example, by which people try whether keys are stopped."""
    shown = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"
    assert find(f"aws_secret_access_key = {shown}") == [("API_KEY", shown)]
    assert find(f"aws_access_key_id = AKIAIOSFODNN7{shown[30:37]}")[0][0] == "API_KEY"


def test_basic_authentication_is_a_pair(find: Find) -> None:
    assert ("API_KEY", "YWRtaW46aHVudGVyMg==") in find("Authorization: Basic YWRtaW46aHVudGVyMg==")
    assert find("a Basic understanding and a Bearer of good news") == []


@pytest.mark.parametrize(
    "text",
    [
        "Forgot your password? Your password must be at least 12 characters.",
        "Das Passwort muss mindestens 12 Zeichen lang sein.",
        "Le mot de passe doit contenir 8 caractères.",
        "La contraseña debe tener 8 caracteres.",
        '"password": "Enter your password"',
        'this.addPassword = "#add-password"',
        "password_hash = bcrypt.hashpw(password, salt)",
        "connect(user=user, password=password)",
        'user.set_password(form.cleaned_data["password1"])',
        "password: { type: String, required: true }",
        'password = os.environ["DB_PASSWORD"]',
        'password: "{{ .Values.db.password }}"',
        "PASSWORD=$DB_PASSWORD",
        "password_file=/run/secrets/db",
        "PasswordAuthentication no",
        "password: '<your-password>'",
        "password=changeme",
        'curl -u "${USER}:${PASS}" https://x.example.com',
        "pass rate: 98.5%, bypass: 1234abcd",
        "secret_name = 'prod/db/main'",
        "api_key=API_KEY, token_type: bearer, max_tokens=1024",
        "export AWS_SECRET_ACCESS_KEY=<your-secret>",
        'API_KEY="xxxxxxxxxxxxxxxxxxxxxxxx"',
        f'"next_page_token": "{HEX}"',
        f'public_key = "{HEX}"',
        f"commit {HEX}",
        f"sha256: {HEX}",
        "key_length = XSalsa20.key_length",
        "The token expires in 3600 seconds.",
        '"https://example.com:8080/path@v2"',
        "postgres://user:${PASSWORD}@db/main",
        f'fakeToken := "{RANDOM}"',
        f"nonMatchingToken = {RANDOM}",
        f"export SERVICE_ACCOUNT_TOKEN={RANDOM}...",
        f'"token": "{RANDOM[:12]}########"',
        'secret_key: "k9_abcdefghijklmnop123"',
        "token1: xoxp-1234567890",
        "_password=AP6xxxxxxxxxx",
        "pass_rate: 98.5x, pass_through=hunter22",
    ],
)
def test_what_only_speaks_of_secrets(find: Find, text: str) -> None:
    assert not {"PASSWORD", "API_KEY", "JWT"} & set(dict(find(text)))


def test_a_published_key_is_no_secret_and_its_neighbour_is_one() -> None:
    published = "6fe4476ee5a18328" + "82e326b506d14126"  # the search key of DocSearch's own pages
    assert is_example(published)
    assert not is_example(published[::-1])


def test_a_manifest_ends_where_its_next_key_begins(find: Find) -> None:
    manifest = "apiVersion: v1\ndata:\n  extra: YmFyYmF6cXV4Cg==\nkind: Secret\ntype: Opaque\n"
    assert find(manifest) == [("API_KEY", "YmFyYmF6cXV4Cg==")]


def test_a_services_key_may_hold_what_could_be_spoken(find: Find) -> None:
    key = "o2iq2x8pz6nih6f8rybjtayfloumge9x6tmetfosizs"
    assert ("API_KEY", key) in find(f'contentfulToken = "{key}"')
    assert find(f'contentfulPage = "{key}"') == []


@pytest.mark.parametrize(
    "value",
    [RANDOM, HEX, "wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "qx7kzvb3mwtr9pjdhn4c"]
    + ["41095446833716423783242266126"],
)
def test_what_looks_generated(value: str) -> None:
    assert looks_random(value)


@pytest.mark.parametrize(
    "value",
    [
        "rc0.15.0-SNAPSHOT",
        "org.slf4j.slf4j-api",
        "ultraPictureBox1",
        "1234567890123456",
        "a" * 32,
        "10" * 16,
    ]
    + ["my-test-api-key-1", "abcdefghijklmnopqrstuvwxyz", "getUserAccessToken"],
)
def test_what_does_not(value: str) -> None:
    assert not looks_random(value)


@pytest.mark.parametrize(
    "value", ["${X}", "$X", "%X%", "{{ x }}", "<x>", "****", "None", "env.X", "AKCxxxxxxx"]
)
def test_placeholders(value: str) -> None:
    assert stands_for_nothing(value)


@pytest.mark.parametrize("value", ["hunter2", "$ecret!9", "aaa1B!", "x", "No1Knows", "Maxxxxx7"])
def test_no_placeholders(value: str) -> None:
    assert not stands_for_nothing(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("le mdp c'est Tournesol9! et voilà", "Tournesol9!"),
        ("po zmianie hasła na Pierogi_7 nie może", "Pierogi_7"),
        ("after changing the password to Kestrel11 it failed", "Kestrel11"),
        ("na het wijzigen van het wachtwoord (Tulp*1952) werkt", "Tulp*1952"),
        ("habe das Passwort geändert: Kennwort (Reiher88) geht nicht", "Reiher88"),
    ],
)
def test_a_password_that_was_changed_or_stands_in_brackets(
    find: Find, text: str, value: str
) -> None:
    assert ("PASSWORD", value) in find(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password (optional) and a passwort (min8)",
        "we changed the password policy to follow rules",
    ],
)
def test_brackets_that_hold_no_password(find: Find, text: str) -> None:
    assert "PASSWORD" not in dict(find(text))


def test_a_users_password_before_a_host_is_no_address(find: Find) -> None:
    text = "MAILER_DSN=smtp://jordan:p0mme-dApi@mail.vertbocage.example:587"
    assert ("PASSWORD", "p0mme-dApi") in find(text)
    assert "EMAIL_ADDRESS" not in dict(find(text))
