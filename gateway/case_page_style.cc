// The CSS rules of the page of a case beside those of every page. Colours keep a contrast of 4.5
// (WCAG 2.1, 1.4.3) on both papers; no meaning is in colour alone.
#include "gateway/case_page_parts.h"

namespace consilium {

// No '<' and no '&' here: the page stays well-formed XML.
std::string_view CasePageStyle() {
  return R"css(:root{--grave:#a4161a;--high:#a4161a;--caution:#7a5200;--calm:#0b62a8;--gravepaper:#fdeced;--cautionpaper:#fff5dc;--calmpaper:#e9f3fb}
@media screen and (prefers-color-scheme:dark){:root{--grave:#ff8f8f;--high:#ff8f8f;--caution:#f0c060;--calm:#7dbdf2;
--gravepaper:#3a1a1d;--cautionpaper:#33290f;--calmpaper:#14283a}}
h1{overflow-wrap:anywhere}
h3{font-size:1.05rem;margin:0 0 .3rem;overflow-wrap:anywhere}
.banner{max-width:none;margin:0 0 .8rem;padding:.9rem 1.1rem;border:3px solid var(--grave);border-radius:.5rem;background:var(--gravepaper)}
.banner strong{color:var(--grave);font-size:1.25rem;letter-spacing:.06em;margin-right:.4rem}
.banner.simulated{border-style:dashed;border-color:var(--caution);background:var(--cautionpaper)}
.banner.simulated strong{color:var(--caution)}
.notice{max-width:none;margin:0 0 1.4rem;padding:.7rem 1.1rem;border-left:4px solid var(--calm);background:var(--calmpaper)}
.said{white-space:normal;overflow-wrap:anywhere}
.by{color:var(--faint);font-size:.85rem;margin:0 0 .2rem}
.sure{font-size:1.1rem}
.cards{list-style:none;margin:.6rem 0 1rem;padding:0;display:grid;gap:.7rem}
.cards li{border:1px solid var(--edge);border-radius:.5rem;padding:.7rem 1rem;min-width:0}
.cards .name{font-size:1.2rem;font-weight:650;margin:0 0 .3rem;overflow-wrap:anywhere}
.cards dl{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;margin:0}
.cards dt,.inputs dt{color:var(--faint);font-size:.8rem}
.cards dd,.inputs dd{margin:0;overflow-wrap:anywhere}
.absent{color:var(--faint);font-style:italic}
.flags{list-style:none;margin:.6rem 0 1rem;padding:0;display:grid;gap:.6rem}
.flags li{border-left:6px solid var(--edge);padding:.5rem .9rem;border-radius:.25rem;background:var(--band);overflow-wrap:anywhere}
.flags .severity{font-weight:700;letter-spacing:.04em;text-transform:uppercase;margin-right:.4rem}
.flags .contraindicated{border-color:var(--grave);background:var(--gravepaper)}
.flags .contraindicated .severity{color:var(--paper);background:var(--grave);padding:.1rem .45rem;border-radius:.25rem}
.flags .high{border-color:var(--high);background:var(--gravepaper)}.flags .high .severity{color:var(--high)}
.flags .caution{border-color:var(--caution);background:var(--cautionpaper)}.flags .caution .severity{color:var(--caution)}
.flags .info{border-color:var(--calm);background:var(--calmpaper)}.flags .info .severity{color:var(--calm)}
.rule{color:var(--faint);font-size:.85rem}
.plain{margin:.4rem 0 0;padding-left:1.3rem}.plain li{margin:.2rem 0;overflow-wrap:anywhere}
.model{border-top:1px solid var(--grid);padding:.9rem 0}
.inputs{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.7rem 1.4rem;margin:.8rem 0}
.vignette{border:1px solid var(--grid);border-radius:.5rem;padding:.9rem 1.1rem;background:var(--band);max-width:none}
td,tbody th{overflow-wrap:break-word}
tbody th{min-width:9rem}
s{color:var(--faint)}
@media (max-width:44rem){.cards dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem .8rem}
.cards dl div{display:contents}.cards dt{font-size:.9rem}.banner,.notice{padding:.6rem .8rem}}
@media print{.banner,.notice,.flags li,.flags .severity,.vignette{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.cards li,.flags li,.model{break-inside:avoid}}
)css";
}

}  // namespace consilium
