#include "shared/html/page_style.h"

namespace consilium::html {

std::string_view PaperOnLight() {
  return "--paper:#fff;--ink:#1b1f24;--faint:#59626d;--grid:#e6e9ec;--edge:#9aa2ab;"
         "--missing:#eef0f2;--hatch:#b4bac2;";
}

std::string_view PaperOnDark() {
  return "--paper:#15191e;--ink:#e9ecef;--faint:#a3abb5;--grid:#2a3038;--edge:#69727d;"
         "--missing:#1d2229;--hatch:#4a525c;";
}

// No '<' and no '&' here: the page stays well-formed XML.
std::string_view PageStyle() {
  return R"css(:root{--band:#f4f6f8;--mark:#e5f1fb;--accent:#0b62a8}
@media screen and (prefers-color-scheme:dark){:root{--band:#1b2027;--mark:#17324a;--accent:#62b0ee}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:60rem;padding:2.5rem 2rem 5rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif;overflow-wrap:break-word}
h1{font-size:2rem;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:1.3rem;line-height:1.3;margin:0 0 .4rem}
p{margin:0 0 .7rem;max-width:46rem}
a{color:var(--accent);text-underline-offset:.15em}
.subtitle{color:var(--faint);font-size:1.1rem;margin:.4rem 0 0}
.facts{display:flex;flex-wrap:wrap;gap:1px;margin:1.6rem 0 0;
background:var(--grid);border:1px solid var(--grid);border-radius:.5rem;overflow:hidden}
.facts div{flex:1 1 10rem;background:var(--paper);padding:.7rem .9rem;min-width:0}
.facts dt{color:var(--faint);font-size:.8rem}
.facts dd{margin:.1rem 0 0;font-weight:600;font-variant-numeric:tabular-nums}
nav{margin:1.6rem 0 0;padding:.9rem 1.1rem;background:var(--band);border-radius:.5rem}
nav ol{columns:18rem 2;column-gap:2rem;margin:0;padding-left:1.5rem}
nav li{break-inside:avoid;padding:.1rem 0}
nav li::marker{color:var(--faint)}
section{margin-top:2.8rem;padding-top:1.6rem;border-top:1px solid var(--grid);scroll-margin-top:.5rem}
.scroll,.figure{overflow-x:auto;margin-top:.9rem}
.scroll{border:1px solid var(--grid);border-radius:.5rem}
.scroll:focus-visible,.figure:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.figure .plot{width:100%;height:auto;max-width:56rem}
.narrow{display:none}
.narrow .plot{max-width:28rem}
@media screen and (max-width:44rem){.wide{display:none}.narrow{display:block}}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .8rem;text-align:left;vertical-align:baseline}
thead th{color:var(--faint);font-weight:600;font-size:.82rem;white-space:nowrap;vertical-align:bottom;
border-bottom:1px solid var(--edge);background:var(--band)}
tbody th{font-weight:500;min-width:8rem;max-width:24rem}
tbody tr+tr th,tbody tr+tr td{border-top:1px solid var(--grid)}
.right{text-align:right;white-space:nowrap}
.highlighted{background:var(--mark)}
.highlighted th,.highlighted td{font-weight:650}
.highlighted th:first-child{box-shadow:inset 3px 0 var(--accent)}
.nothing{color:var(--faint);text-align:center}
abbr{text-decoration:underline dotted;text-underline-offset:.2em;cursor:help}
details{margin-top:.6rem;font-size:.9rem}
summary{color:var(--accent);cursor:pointer;width:fit-content}
details dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.3rem 1.2rem;margin:.6rem 0 0}
details dt{font-weight:600;max-width:14rem}
details dd{margin:0}
@media (max-width:44rem){body{padding:1.5rem 1rem 3rem}h1{font-size:1.55rem}h2{font-size:1.15rem}
.facts div{flex-basis:8rem}th,td{padding:.4rem .6rem}
section{margin-top:2rem;padding-top:1.2rem}tbody th{max-width:12rem}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}
section{margin-top:1.4rem;padding-top:.8rem}h2,p{break-after:avoid}.figure,tr{break-inside:avoid}
.figure .plot{max-width:36rem}details::details-content{content-visibility:visible;block-size:auto}
.scroll,.figure{overflow:visible}.highlighted,thead th{-webkit-print-color-adjust:exact;print-color-adjust:exact}
@page{margin:15mm}}
)css";
}

}  // namespace consilium::html
