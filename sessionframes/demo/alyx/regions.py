"""Brain regions of the demo's Alyx: those of the world, all above them, and some below."""

from __future__ import annotations

from typing import Any

#: Id, acronym, id of the parent, name; from the top. Facts of the Allen Institute's structure tree.
_REGIONS = """
997 root 0 root
8 grey 997 Basic cell groups and regions
567 CH 8 Cerebrum
688 CTX 567 Cerebral cortex
695 CTXpl 688 Cortical plate
315 Isocortex 695 Isocortex
500 MO 315 Somatomotor areas
107 MO1 500 Somatomotor areas Layer 1
219 MO2/3 500 Somatomotor areas Layer 2/3
299 MO5 500 Somatomotor areas Layer 5
644 MO6a 500 Somatomotor areas Layer 6a
947 MO6b 500 Somatomotor areas Layer 6b
985 MOp 500 Primary motor area
320 MOp1 985 Primary motor area Layer 1
943 MOp2/3 985 Primary motor area Layer 2/3
648 MOp5 985 Primary motor area Layer 5
844 MOp6a 985 Primary motor area Layer 6a
882 MOp6b 985 Primary motor area Layer 6b
993 MOs 500 Secondary motor area
656 MOs1 993 Secondary motor area layer 1
962 MOs2/3 993 Secondary motor area layer 2/3
767 MOs5 993 Secondary motor area layer 5
1021 MOs6a 993 Secondary motor area layer 6a
1085 MOs6b 993 Secondary motor area layer 6b
453 SS 315 Somatosensory areas
322 SSp 453 Primary somatosensory area
329 SSp-bfd 322 Primary somatosensory area barrel field
361 SSp-tr 322 Primary somatosensory area trunk
247 AUD 315 Auditory areas
1011 AUDd 247 Dorsal auditory area
1002 AUDp 247 Primary auditory area
669 VIS 315 Visual areas
801 VIS1 669 Visual areas layer 1
561 VIS2/3 669 Visual areas layer 2/3
913 VIS4 669 Visual areas layer 4
937 VIS5 669 Visual areas layer 5
457 VIS6a 669 Visual areas layer 6a
497 VIS6b 669 Visual areas layer 6b
402 VISal 669 Anterolateral visual area
1074 VISal1 402 Anterolateral visual area layer 1
905 VISal2/3 402 Anterolateral visual area layer 2/3
1114 VISal4 402 Anterolateral visual area layer 4
233 VISal5 402 Anterolateral visual area layer 5
601 VISal6a 402 Anterolateral visual area layer 6a
649 VISal6b 402 Anterolateral visual area layer 6b
394 VISam 669 Anteromedial visual area
281 VISam1 394 Anteromedial visual area layer 1
1066 VISam2/3 394 Anteromedial visual area layer 2/3
401 VISam4 394 Anteromedial visual area layer 4
433 VISam5 394 Anteromedial visual area layer 5
1046 VISam6a 394 Anteromedial visual area layer 6a
441 VISam6b 394 Anteromedial visual area layer 6b
409 VISl 669 Lateral visual area
421 VISl1 409 Lateral visual area layer 1
973 VISl2/3 409 Lateral visual area layer 2/3
573 VISl4 409 Lateral visual area layer 4
613 VISl5 409 Lateral visual area layer 5
74 VISl6a 409 Lateral visual area layer 6a
121 VISl6b 409 Lateral visual area layer 6b
385 VISp 669 Primary visual area
593 VISp1 385 Primary visual area layer 1
821 VISp2/3 385 Primary visual area layer 2/3
721 VISp4 385 Primary visual area layer 4
778 VISp5 385 Primary visual area layer 5
33 VISp6a 385 Primary visual area layer 6a
305 VISp6b 385 Primary visual area layer 6b
425 VISpl 669 Posterolateral visual area
750 VISpl1 425 Posterolateral visual area layer 1
269 VISpl2/3 425 Posterolateral visual area layer 2/3
869 VISpl4 425 Posterolateral visual area layer 4
902 VISpl5 425 Posterolateral visual area layer 5
377 VISpl6a 425 Posterolateral visual area layer 6a
393 VISpl6b 425 Posterolateral visual area layer 6b
533 VISpm 669 posteromedial visual area
805 VISpm1 533 posteromedial visual area layer 1
41 VISpm2/3 533 posteromedial visual area layer 2/3
501 VISpm4 533 posteromedial visual area layer 4
565 VISpm5 533 posteromedial visual area layer 5
257 VISpm6a 533 posteromedial visual area layer 6a
469 VISpm6b 533 posteromedial visual area layer 6b
312782574 VISli 669 Laterointermediate area
312782578 VISli1 312782574 Laterointermediate area layer 1
312782582 VISli2/3 312782574 Laterointermediate area layer 2/3
312782586 VISli4 312782574 Laterointermediate area layer 4
312782590 VISli5 312782574 Laterointermediate area layer 5
312782594 VISli6a 312782574 Laterointermediate area layer 6a
312782598 VISli6b 312782574 Laterointermediate area layer 6b
312782628 VISpor 669 Postrhinal area
312782632 VISpor1 312782628 Postrhinal area layer 1
312782636 VISpor2/3 312782628 Postrhinal area layer 2/3
312782640 VISpor4 312782628 Postrhinal area layer 4
312782644 VISpor5 312782628 Postrhinal area layer 5
312782648 VISpor6a 312782628 Postrhinal area layer 6a
312782652 VISpor6b 312782628 Postrhinal area layer 6b
254 RSP 315 Retrosplenial area
894 RSPagl 254 Retrosplenial area lateral agranular part
480149258 VISmma 894 Mediomedial anterior visual area
480149286 VISmmp 894 Mediomedial posterior visual area
879 RSPd 254 Retrosplenial area dorsal part
886 RSPv 254 Retrosplenial area ventral part
22 PTLp 315 Posterior parietal association areas
417 VISrl 22 Rostrolateral visual area
541 TEa 315 Temporal association areas
698 OLF 695 Olfactory areas
631 COA 698 Cortical amygdalar area
639 COAa 631 Cortical amygdalar area anterior part
647 COAp 631 Cortical amygdalar area posterior part
663 COApm 647 Cortical amygdalar area posterior part medial zone
1089 HPF 695 Hippocampal formation
1080 HIP 1089 Hippocampal region
375 CA 1080 Ammon's horn
382 CA1 375 Field CA1
423 CA2 375 Field CA2
463 CA3 375 Field CA3
726 DG 1080 Dentate gyrus
10703 DG-mo 726 Dentate gyrus molecular layer
10704 DG-po 726 Dentate gyrus polymorph layer
632 DG-sg 726 Dentate gyrus granule cell layer
10702 DG-sgz 726 Dentate gyrus subgranular zone
734 DGcr 726 Dentate gyrus crest
742 DGcr-mo 734 Dentate gyrus crest molecular layer
751 DGcr-po 734 Dentate gyrus crest polymorph layer
758 DGcr-sg 734 Dentate gyrus crest granule cell layer
766 DGlb 726 Dentate gyrus lateral blade
775 DGlb-mo 766 Dentate gyrus lateral blade molecular layer
782 DGlb-po 766 Dentate gyrus lateral blade polymorph layer
790 DGlb-sg 766 Dentate gyrus lateral blade granule cell layer
799 DGmb 726 Dentate gyrus medial blade
807 DGmb-mo 799 Dentate gyrus medial blade molecular layer
815 DGmb-po 799 Dentate gyrus medial blade polymorph layer
823 DGmb-sg 799 Dentate gyrus medial blade granule cell layer
822 RHP 1089 Retrohippocampal region
909 ENT 822 Entorhinal area
918 ENTl 909 Entorhinal area lateral part
843 PAR 822 Parasubiculum
1037 POST 822 Postsubiculum
1084 PRE 822 Presubiculum
502 SUB 822 Subiculum
484682470 ProS 822 Prosubiculum
484682508 APr 822 Area prostriata
703 CTXsp 688 Cortical subplate
319 BMA 703 Basomedial amygdalar nucleus
327 BMAa 319 Basomedial amygdalar nucleus anterior part
623 CNU 567 Cerebral nuclei
477 STR 623 Striatum
485 STRd 477 Striatum dorsal region
672 CP 485 Caudoputamen
343 BS 8 Brain stem
1129 IB 343 Interbrain
549 TH 1129 Thalamus
864 DORsm 549 Thalamus sensory-motor cortex related
637 VENT 864 Ventral group of the dorsal thalamus
709 VP 637 Ventral posterior complex of the thalamus
718 VPL 709 Ventral posterolateral nucleus of the thalamus
733 VPM 709 Ventral posteromedial nucleus of the thalamus
563807435 PoT 637 Posterior triangular thalamic nucleus
1044 PP 864 Peripeduncular nucleus
1008 GENd 864 Geniculate group dorsal thalamus
475 MG 1008 Medial geniculate complex
1072 MGd 475 Medial geniculate complex dorsal part
1079 MGv 475 Medial geniculate complex ventral part
1088 MGm 475 Medial geniculate complex medial part
170 LGd 1008 Dorsal part of the lateral geniculate complex
856 DORpm 549 Thalamus polymodal association cortex related
138 LAT 856 Lateral group of the dorsal thalamus
218 LP 138 Lateral posterior nucleus of the thalamus
1020 PO 138 Posterior complex of the thalamus
1029 POL 138 Posterior limiting nucleus of the thalamus
325 SGN 138 Suprageniculate nucleus
560581551 Eth 138 Ethmoid nucleus of the thalamus
239 ATN 856 Anterior group of the dorsal thalamus
155 LD 239 Lateral dorsal nucleus of thalamus
51 ILM 856 Intralaminar nuclei of the dorsal thalamus
930 PF 51 Parafascicular nucleus
560581563 PIL 51 Posterior intralaminar thalamic nucleus
262 RT 856 Reticular nucleus of the thalamus
1014 GENv 856 Geniculate group ventral thalamus
27 IGL 1014 Intergeniculate leaflet of the lateral geniculate complex
563807439 IntG 1014 Intermediate geniculate nucleus
178 LGv 1014 Ventral part of the lateral geniculate complex
1097 HY 1129 Hypothalamus
290 LZ 1097 Hypothalamic lateral zone
797 ZI 290 Zona incerta
313 MB 343 Midbrain
339 MBsen 313 Midbrain sensory related
302 SCs 339 Superior colliculus sensory related
851 SCop 302 Superior colliculus optic layer
842 SCsg 302 Superior colliculus superficial gray layer
834 SCzo 302 Superior colliculus zonal layer
323 MBmot 313 Midbrain motor related
128 MRN 323 Midbrain reticular nucleus
294 SCm 323 Superior colliculus motor related
17 SCiw 294 Superior colliculus motor related intermediate white layer
10 SCig 294 Superior colliculus motor related intermediate gray layer
1100 PRT 323 Pretectal region
215 APN 1100 Anterior pretectal nucleus
531 MPT 1100 Medial pretectal area
628 NOT 1100 Nucleus of the optic tract
706 OP 1100 Olivary pretectal nucleus
1061 PPT 1100 Posterior pretectal nucleus
549009203 RPF 1100 Retroparafascicular nucleus
66 LT 323 Lateral terminal nucleus of the accessory optic tract
1065 HB 343 Hindbrain
512 CB 8 Cerebellum
73 VS 997 ventricular systems
81 VL 73 lateral ventricle
"""
#: Stands for no region, and is the parent of the root.
VOID = 0


def regions() -> list[dict[str, Any]]:
    """Return their rows."""
    rows: list[dict[str, Any]] = [
        {"id": VOID, "acronym": "void", "name": "void", "description": None, "parent": None}
    ]
    for line in _REGIONS.strip().splitlines():
        key, acronym, parent, name = line.split(" ", 3)
        rows.append(
            {
                "id": int(key),
                "acronym": acronym,
                "name": name,
                "description": None,
                "parent": int(parent),
                "related_descriptions": [],
            }
        )
    return rows
