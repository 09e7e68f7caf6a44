import{r as e,t}from"./chunk-SHT3W25Y-UTgHpyIi.js";import"./chunk-POPQ4Y6H-BmMZ-bcl.js";import"./diagram-DTebpZKW.js";import"./chunk-F27PBJKO-CjOv07uz.js";import"./chunk-GVQU2GXP-BMS8AS7_.js";import"./chunk-4HAMMTFA-CYpJbzoL.js";import"./chunk-P2QGCYS3-Df22QIij.js";import"./chunk-GMAD6QVW-d3YWsBZC.js";import"./chunk-PWAF6VOD-DU_k4PpK.js";import"./chunk-75Z2AOVW-CF5TQ90L.js";import"./chunk-DU6HZSFF-CCYKktRa.js";import"./d3-selection-CQOeqU2O.js";import{n}from"./chunk-Y2CYZVJY-DsF7k-Jl.js";var r=t({defaultLayout:`swimlane`,styles:n(t=>`${e(t)}
  .swimlane.cluster rect {
    stroke: ${t.clusterBorder} !important;
  }
  [data-look="neo"].cluster rect {
    filter: none;
  }
`,`getStyles`)});export{r as diagram};