; Has GIMP 2.10 make one matte of a small picture of its own; loaded by GIMP's Script-Fu in batch mode.
; `matteplug-report` names the file that says what happened, a word a line: GIMP's version, whether it
; has the plug-in, and the alpha in the cutout's centre and corner.  An error ends the batch, and GIMP
; prints it.

(define matteplug-width 96)
(define matteplug-height 64)

(define (matteplug-write port value)
  (write value port)
  (newline port))

(define (matteplug-fill layer image colour)
  (gimp-context-set-foreground colour)
  (gimp-edit-fill layer FILL-FOREGROUND))

(define (matteplug-select-disc image radius)
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE
    (- (/ matteplug-width 2) radius) (- (/ matteplug-height 2) radius) (* 2 radius) (* 2 radius)))

(define (matteplug-alpha layer x y)
  (vector-ref (cadr (gimp-drawable-get-pixel layer x y)) 3))

(define (matteplug-check port)
  (let* ((image (car (gimp-image-new matteplug-width matteplug-height RGB)))
         (layer (car (gimp-layer-new image matteplug-width matteplug-height RGB-IMAGE "disc" 100
                                     LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer image layer 0 0)
    (matteplug-fill layer image '(20 30 60))
    (matteplug-select-disc image 20)
    (matteplug-fill layer image '(230 210 90))
    (matteplug-select-disc image 22)
    (plug-in-matteplug-smart-matte
      RUN-NONINTERACTIVE image layer "" "selection" -1 0 "new-layer" TRUE "")
    (let ((cutout (aref (cadr (gimp-image-get-layers image)) 0)))
      (matteplug-write port (matteplug-alpha cutout (/ matteplug-width 2) (/ matteplug-height 2)))
      (matteplug-write port (matteplug-alpha cutout 0 0)))))

(let ((port (open-output-file matteplug-report)))
  (matteplug-write port (car (gimp-version)))
  (matteplug-write port (car (gimp-procedural-db-proc-exists "plug-in-matteplug-smart-matte")))
  (if (= TRUE (car (gimp-procedural-db-proc-exists "plug-in-matteplug-smart-matte")))
      (matteplug-check port))
  (close-output-port port))
