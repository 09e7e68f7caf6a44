import{r as e,t}from"./chunk-SHT3W25Y-pP21KxKH.js";import"./chunk-POPQ4Y6H-CIwPfQZf.js";import"./diagram-OrAp1th8.js";import"./chunk-F27PBJKO-Bd6_Wgce.js";import"./chunk-GVQU2GXP-BmAygVHW.js";import"./chunk-4HAMMTFA-he7wCiuR.js";import"./chunk-P2QGCYS3-ChNgwXDL.js";import"./chunk-GMAD6QVW-CCG2JaHa.js";import"./chunk-PWAF6VOD-DaW5I5d7.js";import"./chunk-75Z2AOVW-CSwu8F-k.js";import"./chunk-DU6HZSFF-DoFEvhuP.js";import"./d3-selection-0IvC3OnK.js";import{n}from"./chunk-Y2CYZVJY-DsF7k-Jl.js";var r=t({defaultLayout:`swimlane`,styles:n(t=>`${e(t)}
  .swimlane.cluster rect {
    stroke: ${t.clusterBorder} !important;
  }
  [data-look="neo"].cluster rect {
    filter: none;
  }
`,`getStyles`)});export{r as diagram};