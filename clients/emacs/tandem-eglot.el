;;; tandem-eglot.el --- Tandem's code actions through eglot -*- lexical-binding: t; -*-

;; Put this file on your `load-path' and say (require 'tandem-eglot).  Eglot speaks with one server for each buffer, so
;; this is for buffers whose language has no server, or whose server you leave for it: `C-u M-x eglot RET tandem lsp', or
;;   (add-to-list 'eglot-server-programs '(text-mode . ("tandem" "lsp")))
;; `M-x eglot-code-actions' then offers: fix this diagnostic, explain, apply instruction.

;;; Code:

(require 'eglot)

(defun tandem-eglot--show (result)
  "Show what an explanation says: the echo area has room for its beginning."
  (let ((text (plist-get result :text)))
    (when text
      (with-current-buffer (get-buffer-create "*tandem explanation*")
        (let ((inhibit-read-only t))
          (erase-buffer)
          (insert text)
          (goto-char (point-min)))
        (view-mode)
        (display-buffer (current-buffer)))
      (message nil))))

(defun tandem-eglot--run (server command arguments)
  "Run one of Tandem's commands without waiting: a model takes longer than eglot's ten seconds."
  (let ((argument (copy-sequence (aref arguments 0))))
    ;; The instruction is asked for here; the server gets it with the command.
    (when (and (equal command "tandem.apply") (not (plist-get argument :instruction)))
      (setq argument (plist-put argument :instruction (read-string "Tandem: "))))
    (jsonrpc-async-request
     server :workspace/executeCommand (list :command command :arguments (vector argument))
     :timeout 600
     :success-fn #'tandem-eglot--show
     :error-fn (lambda (err) (message "Tandem: %s" (plist-get err :message))))))

(defun tandem-eglot--execute (original server action)
  "Take what is Tandem's of eglot's code actions and commands."
  (let* ((inner (plist-get action :command))
         (command (if (stringp inner) action inner))
         (name (plist-get command :command)))
    (if (and (stringp name) (string-prefix-p "tandem." name))
        (tandem-eglot--run server name (plist-get command :arguments))
      (funcall original server action))))

(defun tandem-eglot--execute-command (original server command arguments &rest more)
  "The same for eglot before Emacs 30."
  (if (string-prefix-p "tandem." (format "%s" command))
      (tandem-eglot--run server (format "%s" command) arguments)
    (apply original server command arguments more)))

(if (fboundp 'eglot-execute)
    (advice-add 'eglot-execute :around #'tandem-eglot--execute)
  (advice-add 'eglot-execute-command :around #'tandem-eglot--execute-command))

(provide 'tandem-eglot)
;;; tandem-eglot.el ends here
