; The dialog of Filters > Smart Matte (plug-in-matteplug-smart-matte), for a GIMP 2.10 without Python-Fu.
; "<None>" keeps it out of the menus and of the search for actions; what follows is the title.
; GIMP reads it before there is a worker, so that the options are listed here; a test holds them
; against their description.  The installer writes the networks into the two lists that have
; Automatic alone here.

(define matteplug-networks '#(""))

(define (matteplug-flag name value)
  (string-append "\"" name "\": " (if (= value TRUE) "true" "false")))

(define (matteplug-number name value)
  (string-append "\"" name "\": " (if (= value 0) "null" (number->string (inexact->exact value)))))

(define (matteplug-amount name value)
  (string-append "\"" name "\": " (number->string (inexact->exact value))))

(define (matteplug-choice name values index)
  (string-append "\"" name "\": \"" (vector-ref values index) "\""))

(define (script-fu-matteplug-smart-matte
          image layer guide other network band-px output clean-colours selection-kind
          remove-islands fill-holes smooth feather contrast shift-edge decontaminate
          refine align hide-original limit-mib)
  (plug-in-matteplug-smart-matte
    RUN-NONINTERACTIVE image layer (vector-ref matteplug-networks network)
    (vector-ref #("selection" "trimap" "plate") guide)
    other band-px
    (vector-ref #("new-layer" "layer-mask" "new-layer-with-mask" "selection") output)
    clean-colours
    (string-append "{" (matteplug-choice "selection_kind" #("automatic" "exact" "rough" "box")
                                         selection-kind) ", "
                   (matteplug-amount "remove_islands_px" remove-islands) ", "
                   (matteplug-amount "fill_holes_px" fill-holes) ", "
                   (matteplug-amount "smooth_px" smooth) ", "
                   (matteplug-amount "feather_px" feather) ", "
                   (matteplug-amount "contrast_percent" contrast) ", "
                   (matteplug-amount "shift_edge_percent" shift-edge) ", "
                   (matteplug-amount "decontaminate_percent" decontaminate) ", "
                   (matteplug-flag "refine" refine) ", " (matteplug-flag "align" align) ", "
                   (matteplug-flag "hide_original" hide-original) ", "
                   (matteplug-number "limit_mib" limit-mib) "}"))
  (gimp-displays-flush))

(script-fu-register "script-fu-matteplug-smart-matte"
  "<None>/Smart Matte"
  "Cut the foreground out along a soft edge"
  "matteplug" "matteplug" "2026" "*"
  SF-IMAGE      "Image" 0
  SF-DRAWABLE   "Layer" 0
  SF-OPTION     "Guide" '("Selection" "Trimap: the layer or channel below" "Plate: the layer below")
  SF-DRAWABLE   "Trimap or plate" 0
  SF-OPTION     "Network" '("Automatic")
  SF-ADJUSTMENT "Band width (pixels, 0: automatic)" (list 0 0 2000 1 10 0 SF-SPINNER)
  SF-OPTION     "Output" '("New layer" "Layer mask" "New layer with mask" "Selection")
  SF-TOGGLE     "Clean colours" TRUE
  SF-OPTION     "Selection" '("automatic" "exact" "rough" "box")
  SF-ADJUSTMENT "Remove islands (pixels)" (list 0 0 1000000 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Fill holes (pixels)" (list 0 0 1000000 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Smooth (pixels)" (list 0 0 100 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Feather (pixels)" (list 0 0 250 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Contrast (percent)" (list 0 0 100 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Shift edge (percent)" (list 0 -100 100 1 10 0 SF-SPINNER)
  SF-ADJUSTMENT "Decontaminate (percent)" (list 100 0 100 1 10 0 SF-SPINNER)
  SF-TOGGLE     "Refine the edge" TRUE
  SF-TOGGLE     "Align the plate" TRUE
  SF-TOGGLE     "Hide the original" TRUE
  SF-ADJUSTMENT "Memory limit (MiB, 0: automatic)" (list 0 0 1048576 1 256 0 SF-SPINNER))
