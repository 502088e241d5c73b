; Windows knows files by extension only, and .toml belongs to text editors: Atelier
; offers itself under "Open with" and takes nothing over.
!macro NSIS_HOOK_POSTINSTALL
  WriteRegStr SHCTX "Software\Classes\Atelier.Workspace" "" "Atelier workspace"
  WriteRegStr SHCTX "Software\Classes\Atelier.Workspace\DefaultIcon" "" "$INSTDIR\Atelier.exe,0"
  WriteRegStr SHCTX "Software\Classes\Atelier.Workspace\shell\open\command" "" '"$INSTDIR\Atelier.exe" open "%1"'
  WriteRegStr SHCTX "Software\Classes\.toml\OpenWithProgids" "Atelier.Workspace" ""
!macroend

!macro NSIS_HOOK_POSTUNINSTALL
  DeleteRegKey SHCTX "Software\Classes\Atelier.Workspace"
  DeleteRegValue SHCTX "Software\Classes\.toml\OpenWithProgids" "Atelier.Workspace"
!macroend
